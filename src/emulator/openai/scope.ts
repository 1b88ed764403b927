/** Whose call it is. Files and batches of one project are invisible to another. */
export interface Scope {
  readonly organization: string
  readonly project: string
  readonly key: string
}

export function scopeOf(organization: string | undefined, project: string | undefined): Scope {
  const scope = { organization: organization || 'org-emulated', project: project || 'proj_emulated' }
  return { ...scope, key: `${scope.organization}/${scope.project}` }
}
