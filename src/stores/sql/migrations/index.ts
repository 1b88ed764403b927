import type { Migration } from '../dialect.ts'
import { first } from './0001-first.ts'
import { routes } from './0002-routes.ts'
import { course } from './0003-course.ts'
import { attachments } from './0004-attachments.ts'
import { budgets } from './0005-budgets.ts'

/** Append only: a migration that has shipped never changes. */
export const migrations: readonly Migration[] = [first, routes, course, attachments, budgets]
