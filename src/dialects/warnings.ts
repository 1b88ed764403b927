/**
 * What a translation changed, by code. A warning means: the far side gets something near to what was asked, and this
 * is how it differs. What cannot be said at all is refused instead, and what is exact is not mentioned.
 */
export const warningReasons = {
  // The request around the turns.
  max_tokens_added: 'The request states no output limit and this dialect wants one.',
  labels_dropped: 'Labels have no place in this dialect; Redeye keeps them with the request.',
  cache_mark_changed: 'A cache mark of one vendor became one of the other; how long it lives differs.',
  cache_mark_dropped: 'This dialect has no cache marks at this place; the vendor caches as it sees fit.',
  cache_hint_dropped: 'A hint for the prompt cache that only OpenAI knows; the answer does not depend on it.',
  sampling_default_dropped: 'The model takes no sampling parameters; this one was at its default.',
  // System prompts and turns.
  developer_as_system: 'There is no developer role; its messages became system text.',
  system_hoisted: 'A system message from amid the turns was moved to the front.',
  refusal_as_text: 'A refusal in the history became plain text of the model.',
  phase_dropped: 'The phase of a message of the model is known to OpenAI only.',
  citations_dropped: 'Citations and annotations of earlier answers were left out.',
  reasoning_dropped: 'Reasoning state of earlier answers is bound to its vendor and was left out.',
  signature_skipped: 'The model wants a thought signature on calls it made itself; these are marked as not its own.',
  text_before_calls: 'Text that followed a tool call now stands before it.',
  // Parts.
  text_document_inlined: 'A plain-text document became a text part.',
  document_words_inlined: 'The title or context of a document became a text part before it.',
  filename_added: 'A document needs a file name and had none.',
  filename_dropped: 'The file name of a document has no place in this dialect.',
  mime_type_dropped: 'The media type of a linked file is left to the server that serves it.',
  detail_as_media_resolution: 'Image detail and media resolution are not measured alike.',
  // Tools.
  tool_id_added: 'A tool call had no id and was given one.',
  tool_id_replaced: 'The id of a tool call has a form this dialect does not take; call and result have a new one.',
  tool_result_as_text: 'A structured tool result became JSON text.',
  tool_error_as_text: 'There is no error flag on tool results; the text says {"error": …}.',
  tool_subset: 'Only the allowed tools are sent; a cached prefix with all of them is not met.',
  strict_as_validated: 'A strict tool became validated calls, the nearest this dialect has.',
  strict_unstated: 'Whether the tool is strict was left to the vendor, whose default differs.',
  validated_as_auto: 'Validated calls became ordinary ones.',
  // Structured output.
  schema_name_added: 'The schema needs a name and had none.',
  schema_words_dropped: 'Name and description of the answer format have no place in this dialect.',
  schema_enforced: 'The schema was a wish and is now enforced.',
  schema_not_enforced: 'The schema is beyond what this vendor enforces and is now a wish.',
  schema_perhaps_ignored:
    'The schema needs the newer of two fields, to which the vendor was seen not to keep in batches.',
  schema_closed: 'Objects that say nothing of further members no longer allow any.',
  schema_annotation_dropped: 'Words about the schema that constrain nothing were left out.',
  schema_relaxed: 'A rule of the schema that this dialect does not know moved into its description.',
  one_of_as_any_of: 'Exactly one of several became at least one of several.',
  // Reasoning.
  effort_changed: 'The nearest effort that the model knows.',
  effort_as_budget: 'Effort became a token budget by a table of ours.',
  budget_as_effort: 'A token budget became an effort by a table of ours.',
  effort_dropped: 'Effort has no meaning here while reasoning is off.',
  adaptive_dropped: 'How much to reason is left to the model, by its own default.',
  adaptive_changed: 'How much to reason is left to the model, as this vendor understands that.',
  visible_reasoning_changed: 'Visible reasoning is a text of its own at each vendor.',
  visible_reasoning_dropped: 'This dialect shows no reasoning.',
  // Answers.
  created_added: 'The answer has no time of its own.',
  id_added: 'The answer has no id of its own.',
  reasoning_hidden: 'Reasoning text of the answer has no place in this dialect; its tokens are counted.',
  refusal_as_safety: 'A refusal became a candidate stopped for safety.',
  partial_content_kept: 'The answer was stopped by a filter; what there was of it is kept.',
  choice_failed: 'One of several answers failed; it goes along as it came.',
  choice_left_out: 'This dialect has a single answer; the others go along as they came.',
  token_bytes_added: 'The bytes of each token were made from its text.',
  // Embeddings.
  length_not_promised: 'OpenAI gives vectors of length 1; here that is only sure at full size.',
} as const

export type WarningCode = keyof typeof warningReasons

/** One thing that was said differently. `from` and `to` are JSON values; null: nothing, or too long to repeat. */
export interface Warning {
  readonly code: WarningCode
  /** JSON path in the body that was read. */
  readonly path: string
  readonly from: unknown
  readonly to: unknown
  readonly reason: string
}
