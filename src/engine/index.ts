export { auditPage } from '../audit/page.ts'
export type { AuditGroup, AuditReport, PlanStep } from '../audit/report.ts'
export type { TableSource } from '../intake/intake-table.ts'
export type { Manifest } from '../intake/manifest.ts'
export type { Source } from '../intake/sources.ts'
export type { HourOfWeek, LatencyLine } from '../policy/latency.ts'
export { type Advice, type Advised, advise, type Situation } from '../pricing/advise.ts'
export type { PriceBook } from '../pricing/catalogue.ts'
export { type ComparedModel, type EngineEconomy, engineEconomy } from '../pricing/engine-economy.ts'
export type { LaneLanding, LaneSummary } from '../pricing/lane-table.ts'
export {
  type BatchPrice,
  batchPrices,
  flies,
  type ListedLane,
  type ListedLimits,
  type ListedVendor,
  listedLimits,
  type PriceList,
  priceList,
} from '../pricing/price-list.ts'
export type { Quote, QuotedLane } from '../pricing/quote.ts'
export { sellerOf, type WhatIf } from '../pricing/what-if.ts'
export type { JobRow, LedgerRow } from '../stores/contract.ts'
export { isTableName, type TableFormat } from '../tables/format.ts'
export { type AdoptedBatch, type AdoptOptions, adopt, deskOf } from './adopt.ts'
export { type AuditOptions, auditLogs, auditVendors, type VendorReports } from './audit.ts'
export { type Bill, type BillLine, type BillOf, type BillPer, billOf } from './bill.ts'
export { cancelJob } from './cancel.ts'
export { checkAccount } from './check-account.ts'
export { chooseSeller, type Seller } from './choose-seller.ts'
export { countOutcomes, formatFor, outputOf } from './deliver.ts'
export { type Attending, attend } from './engine.ts'
export { focusOf, type MonthReport, monthReport, type ReportedJob } from './exports.ts'
export { flownOf } from './flown.ts'
export { deliverTo } from './land.ts'
export { type LandingSeen, landingsSeen } from './landings-seen.ts'
export { lanesWith } from './lanes.ts'
export { type LaneLatency, latencyOf } from './latency.ts'
export { type Leftovers, leftoversOf } from './leftovers.ts'
export { type JobOptions, jobDefaults, type TableOptions } from './options.ts'
export { type Log, type Ports, type Step, steps, type Vendors } from './ports.ts'
export { type Proof, type ProofLine, proofOf, type VendorProof } from './proof.ts'
export { quoteInput, quoteJob, quoteTokens } from './quote.ts'
export { Counter, type Counts, receiptOf } from './receipt.ts'
export { type Difference, type Recomputed, recompute } from './recompute.ts'
export { type RemoteCheck, type RemoteLeftover, remoteLeftovers } from './remote-leftovers.ts'
export { type ResultItem, resultItems } from './results.ts'
export { retryJob } from './retry.ts'
export { currentReceipt, type JobStatus, type SubmissionStatus, statusOf, submissionsOf } from './status.ts'
export { createJob, digestOfJob, forget, type Input, jobIdOf, takeIn } from './submit.ts'
export { createTrial, type Tried, triedOf } from './trial.ts'
export { type Why, whyOf } from './why.ts'
export { type Withdrawal, withdraw } from './withdraw.ts'
