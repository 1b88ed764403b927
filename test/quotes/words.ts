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
