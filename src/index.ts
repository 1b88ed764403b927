export { type AuditSettings, audit, type LiveSettings } from './audit-usage.ts'
export { type AnswerParser, Job, type JobEvent, type Result } from './client/job.ts'
export type { JobInput, JobSettings, TablePrompt } from './client/options.ts'
export {
  type AccountCheck,
  type AdoptSettings,
  type Checkup,
  type JobSummary,
  Redeye,
  type Trial,
} from './client/redeye.ts'
export {
  allBatchPrices,
  auditLive,
  type Environment,
  homeOf,
  lanes,
  measureEngine,
  type OpenOptions,
  open,
  openPrices,
  prices,
  quoteTokens,
  refreshPrices,
} from './compose.ts'
export {
  type AccountConfig,
  defineConfig,
  type EngineAccountConfig,
  type RedeyeConfig,
  type VendorAccountConfig,
} from './config/config.ts'
export type { PriceDifference, PriceRefresh } from './config/refresh-prices.ts'
export * from './domain/errors.ts'
export type { Outcome } from './domain/outcome.ts'
export type { Receipt } from './domain/receipt.ts'
export type { JobState } from './domain/states.ts'
export type {
  AdoptableBatch,
  AdoptedBatch,
  AuditGroup,
  AuditReport,
  BatchPrice,
  Bill,
  BillLine,
  BillPer,
  BudgetOf,
  BudgetStatus,
  Difference,
  HourOfWeek,
  JobStatus,
  LandingSeen,
  LaneLanding,
  LaneLatency,
  LaneSummary,
  LatencyLine,
  Leftovers,
  ListedLane,
  ListedLimits,
  MonthReport,
  PlanStep,
  PriceBook,
  PriceList,
  Proof,
  ProofLine,
  Quote,
  QuotedBudget,
  QuotedLane,
  Recomputed,
  RemoteCheck,
  RemoteLeftover,
  ReportedJob,
  SubmissionStatus,
  Tried,
  VendorPrice,
  VendorProof,
  WallFacts,
  Why,
  Withdrawal,
} from './engine/index.ts'
export {
  type Advice,
  type Advised,
  advise,
  auditPage,
  type ComparedModel,
  type EngineEconomy,
  type Situation,
  type WhatIf,
} from './engine/index.ts'
export type { EngineMeasured, EngineQuestion, EngineStep } from './measure-engine.ts'
