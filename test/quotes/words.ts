/** Words to make prompts of. What they say does not matter; how many bytes and tokens they are does. */
export const scripts = {
  english: (
    'the of and to in a is that for it was on with as be by at this are from or have an they which one you were all her ' +
    'she there would their we him been has when who will no more if out so up said what its about than into them can only ' +
    'other time new some could these two may first then do any like my now over such our man me even most made after also ' +
    'invoice customer delivery account payment refund contract shipment warranty subscription upgrade transaction merchant'
  ).split(' '),
  german: (
    'der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie ' +
    'nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man ' +
    'Rechnung Lieferung Kündigungsfrist Zahlungsaufforderung Geschäftsführer Versicherung Gewährleistung Öffnungszeiten'
  ).split(' '),
  russian: (
    'и в не на я быть он с что а по это она этот к но они мы весь который из у то за свой ещё год человек один такой тот ' +
    'только себя какой самый время если уже для вот кто да говорить другой счёт оплата доставка договор клиент возврат ' +
    'гарантия подписка магазин сообщение расчёт заявление'
  ).split(' '),
  chinese: (
    '的 一 是 不 了 在 人 有 我 他 这 个 们 中 来 上 大 为 和 国 地 到 以 说 时 要 就 出 会 可 也 你 对 生 能 而 子 那 得 ' +
    '发票 客户 付款 退款 合同 订单 配送 保修 账户 服务 时间 问题'
  ).split(' '),
} as const
export type Script = keyof typeof scripts

/** What is asked, by task, as people put it. */
export const instructions: Readonly<Record<Script, Readonly<Record<string, readonly string[]>>>> = {
  english: {
    classify: [
      'Classify the message into one of the categories.',
      'You are a support triage assistant. Which team should handle this ticket?',
      'Decide whether the review is positive, negative or neutral. Answer with the sentiment only.',
      'Tag the transaction below. No explanation.',
    ],
    extract: [
      'Extract the following fields from the document.',
      'You read invoices. Return what you find as JSON.',
      'Pull out names, dates and amounts from the email.',
    ],
    summarise: [
      'Summarize the article for a busy reader.',
      'Give the key points of the conversation.',
      'You are an editor. Say in a paragraph what this is about.',
    ],
    translate: [
      'Translate the text into English.',
      'Rewrite the description in plain language.',
      'Put this into French.',
    ],
    answer: [
      'Answer the question using the context only.',
      'You are a helpful assistant of a bank. Be polite and concise.',
      'Explain what went wrong and what the customer should do.',
    ],
    write: [
      'Write a product description for the item.',
      'Draft an email to the customer.',
      'You are a copywriter for a travel magazine. Make it vivid.',
    ],
  },
  german: {
    classify: ['Ordne die Nachricht einer der Kategorien zu.'],
    extract: ['Lies die folgenden Angaben aus dem Dokument heraus.'],
    summarise: ['Fasse den Text zusammen.'],
    translate: ['Übersetze den Text ins Englische.'],
    answer: ['Beantworte die Frage anhand des Textes.'],
    write: ['Schreibe eine Produktbeschreibung.'],
  },
  russian: {
    classify: ['Отнеси сообщение к одной из категорий.'],
    extract: ['Извлеки из документа следующие данные.'],
    summarise: ['Кратко перескажи текст.'],
    translate: ['Переведи текст на английский.'],
    answer: ['Ответь на вопрос по тексту.'],
    write: ['Напиши описание товара.'],
  },
  chinese: {
    classify: ['将消息归入其中一个类别。'],
    extract: ['从文档中提取以下字段。'],
    summarise: ['概括这篇文章。'],
    translate: ['把下面的文字翻译成英文。'],
    answer: ['根据上下文回答问题。'],
    write: ['为该商品写一段介绍。'],
  },
}
