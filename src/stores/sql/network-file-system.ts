/** Type numbers of statfs(2) on Linux, from linux/magic.h and the file systems' own headers. */
const names = new Map<number, string>([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB 2'],
  [0xff534d42, 'CIFS'],
  [0x65735546, 'FUSE'], // sshfs, s3fs and gcsfuse among them; which one the number does not say
  [0x01021997, '9p'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'kAFS'],
  [0x73757245, 'Coda'],
  [0x564c, 'NCP'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x19830326, 'BeeGFS'],
  [0x786f4256, 'VirtualBox shared folder'],
  [0xbacbacbc, 'VMware shared folder'],
])

/** The name of a file system whose locks and shared memory SQLite cannot rely on; undefined for a local one. */
export const networkFileSystem = (statfsType: number): string | undefined => names.get(statfsType >>> 0)
