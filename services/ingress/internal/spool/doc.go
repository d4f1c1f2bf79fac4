// Package spool is a durable queue of records on the local disk: what is appended stands on the disk when it is
// acknowledged, is read back in the order in which it was appended, and goes away when it is committed. It knows
// nothing of what it holds.
//
// # Files
//
// A folder belongs to one process, which holds a lock on its file "lock". Records stand in segments,
// "<first number>-<salt>.seg", which are appended to and never rewritten, and are deleted when all in them is committed:
//
//	segment   magic 8 · version u32 · first u64 · acknowledged u64 · salt u64 · CRC-32C u32   then records
//	record    length u32 · CRC-32C u32 · number u64 · time i64 (ns since 1970) · data
//	position  two slots of committed u64 · generation u64 · CRC-32C u32; the newer good one counts
//
// Integers are little endian. Numbers rise by one within a segment. A header's "acknowledged" is the last number that
// was acknowledged before the segment began, so that what is missing between two segments is known. A record's
// checksum starts from its segment's salt: data that look like a record are none, whoever wrote them.
//
// # Acknowledgement
//
// One goroutine writes and syncs. What is appended while it is at it shares the next sync, and a lone record waits
// for nobody: there is no timer. After a write or a sync that failed, the segment is left as it was at the last good
// sync and a new one begins, with new numbers: what a failed sync has left behind can't be told from what it has not.
//
// # Damage
//
// A process may die in the middle of a record, and a disk may return other bits than it was given. What can be read
// is kept, wherever it stands: reading goes on behind a damaged stretch at the next record whose checksum is good, in
// the same segment or the next. What stands unreadable at the end of a segment is cut off when the folder is opened.
// Both are told, by [Report] at the opening and by [Options.Damaged] later, with the number of acknowledged records
// that are lost; behind the last good record of the last segment nobody can know whether there was one.
//
// # After a crash
//
// The position is written after each commit and synced only before a segment is deleted. After a power cut, records
// that were committed may be read once more; none is skipped.
package spool
