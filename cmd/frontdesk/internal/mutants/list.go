package main

const (
	consume     = "pkg/servicekit/consume/"
	idempotency = "pkg/servicekit/idempotency/"
)

func inConsume(tests ...string) suite     { return suite{"./" + consume, tests} }
func inIdempotency(tests ...string) suite { return suite{"./" + idempotency, tests} }

// mutants are what the suites must notice: each breaks one rule of the product's promise.
var mutants = []mutant{
	{
		name:  "marks before the effect",
		file:  consume + "claim.go",
		old:   "	if err := f(ctx, m); err != nil {\n		return err\n	}\n	had = true",
		new:   "	_ = o.Store.Complete(ctx, claim, nil)\n	if err := f(ctx, m); err != nil {\n		return err\n	}\n	had = true",
		suite: inConsume("TestClaimed"),
	},
	{
		name:  "commits before the effect",
		file:  consume + "offsets.go",
		old:   "		return o.taken[0].offset",
		new:   "		return o.next",
		suite: inConsume("TestShutdownIsNoFailure", "TestCommitStaysBehindTheOldestIncompleteMessage"),
	},
	{
		name:  "commits before the parked copy is acknowledged",
		file:  consume + "park.go",
		old:   "	msg, pk := d.parkedCopy(e, t), e.k\n",
		new:   "	msg, pk := d.parkedCopy(e, t), e.k\n	k.p.outbox = append(k.p.outbox, func() { done(nil) })\n",
		suite: inConsume("TestNothingIsCommittedUntilTheParkedCopyStands"),
	},
	{
		name:  "commits before the dead letter is acknowledged",
		file:  consume + "deadletter.go",
		old:   "	g.publish(msg, func(err error) {\n		if !errors.Is",
		new:   "	done(nil)\n	g.publish(msg, func(err error) {\n		if !errors.Is",
		suite: inConsume("TestNothingIsCommittedUntilTheDeadLetterStands"),
	},
	{
		name:  "skips the webhook's signature",
		file:  "services/ingress/internal/twilio/signature.go",
		old:   "	return signature != \"\" && slices.ContainsFunc(a[account], func(v client.RequestValidator) bool { return valid(&v) })",
		new:   "	return signature != \"\" && slices.ContainsFunc(a[account], func(v client.RequestValidator) bool { valid(&v); return true })",
		suite: suite{"./services/ingress/internal/twilio", []string{"TestSignatures", "TestEveryPathIsSigned"}},
	},
	{
		name:  "reorders parked keys",
		file:  consume + "park.go",
		old:   "	for i > 0 && e.before(pk.entries[i-1]) {",
		new:   "	for i > 0 && !e.before(pk.entries[i-1]) {",
		suite: inConsume("TestAParkedKeyKeepsItsOrderOverAllTopics", "TestParkedKeysSurviveARestart"),
	},
	{
		name:  "trusts the clock of whoever parked it",
		file:  consume + "park.go",
		old:   "return e.src == x.src && e.origin >= 0 && x.origin >= 0",
		new:   "return false && e.src == x.src",
		suite: inConsume("TestCopiesThatAFormerOwnerPublishesLateDoNotTurnTheOrderRound"),
	},
	{
		name:  "parks the messages of a key side by side",
		file:  consume + "park.go",
		old:   "	if len(pk.copies) == 1 {\n		k.p.outbox = append(k.p.outbox, pk.copies[0])",
		new:   "	if len(pk.copies) > 0 {\n		k.p.outbox = append(k.p.outbox, pk.copies[len(pk.copies)-1])",
		suite: inConsume("TestACopyThatIsRefusedIsNotOvertakenByTheNext"),
	},
	{
		name:  "lets later messages overtake parked ones",
		file:  consume + "queue.go",
		old:   "		if state == waiting && j.d != nil {",
		new:   "		if state == waiting && j.d == nil {",
		suite: inConsume("TestAParkedKeyKeepsItsOrderOverAllTopics"),
	},
	{
		name:  "does not read parked keys back",
		file:  consume + "generation.go",
		old:   "	if !s.retry {\n		return nil\n	}\n	err = g.c.conn.ReadRange",
		new:   "	if !s.retry || s.retry {\n		return nil\n	}\n	err = g.c.conn.ReadRange",
		suite: inConsume("TestParkedKeysSurviveARestart"),
	},
	{
		name:  "takes busy for done",
		file:  consume + "claim.go",
		old:   "		if c.State != idempotency.StateBusy {\n",
		new:   "		if c.State == idempotency.StateBusy {\n			c.State = idempotency.StateDone\n		}\n		if c != nil {\n",
		suite: inConsume("TestClaimed"),
	},
	{
		name:  "keeps the claim of what has failed",
		file:  consume + "claim.go",
		old:   "	_ = o.Store.Release(rctx, claim)",
		new:   "	_ = rctx",
		suite: inConsume("TestClaimed"),
	},
	{
		name:  "completes another owner's claim",
		file:  idempotency + "idempotency.go",
		old:   "if v and v ~= ARGV[1] then return 0 end\nredis.call('SET', KEYS[1], ARGV[2]",
		new:   "redis.call('SET', KEYS[1], ARGV[2]",
		suite: inIdempotency("TestPausedOwnerCannotCompleteOrReleaseAnothersClaim"),
	},
	{
		name:  "releases another owner's claim",
		file:  idempotency + "idempotency.go",
		old:   "if v and v ~= ARGV[1] then return 0 end\nredis.call('DEL'",
		new:   "redis.call('DEL'",
		suite: inIdempotency("TestPausedOwnerCannotCompleteOrReleaseAnothersClaim"),
	},
	{
		name:  "forgets what is under way when Redis is emptied",
		file:  idempotency + "idempotency.go",
		old:   "if v and v ~= ARGV[1] then return 0 end\nredis.call('SET', KEYS[1], ARGV[1]",
		new:   "if v ~= ARGV[1] then return 0 end\nredis.call('SET', KEYS[1], ARGV[1]",
		suite: inIdempotency("TestAFlushIsNoticedOnceAndWhatIsUnderWayIsClaimedAgain"),
	},
	{
		name:  "brings a released claim back",
		file:  idempotency + "idempotency.go",
		old:   "func() bool { return s.holds(c) }",
		new:   "nil",
		suite: inIdempotency("TestARenewalThatComesLateBringsNothingBack"),
	},
	{
		name:  "lets a lower revision overwrite a higher one",
		file:  "services/crm-writer/internal/crm/rules.go",
		old:   "	if x.Revision >= w.Revision {",
		new:   "	if x.Revision == w.Revision {",
		suite: suite{"./services/crm-writer/internal/crm", []string{"TestDecide"}},
	},
	{
		name:  "lets a message overtake one that is not in yet",
		file:  "pkg/servicekit/produce/queue.go",
		old:   "		case !broker.Transient(err):\n",
		new:   "		case err != nil || !broker.Transient(err):\n",
		suite: suite{"./pkg/servicekit/produce", []string{"TestTheHeadBlocksItsPartitionUntilItIsIn"}},
	},
	{
		name:  "sends what its caller has given up",
		file:  "pkg/servicekit/produce/queue.go",
		old:   "return !it.finished && it.ctx.Err() == nil }",
		new:   "return !it.finished }",
		suite: suite{"./pkg/servicekit/produce", []string{"TestWhatIsGivenUpTogetherLeavesNoHole"}},
	},
	{
		name:  "takes a damaged record of the spool for sound",
		file:  "services/ingress/internal/spool/format.go",
		old:   "	if checksum(seed, b[:recordSize+n]) != le.Uint32(b[4:]) {",
		new:   "	if false && checksum(seed, b[:recordSize+n]) != le.Uint32(b[4:]) {",
		suite: suite{"./services/ingress/internal/spool", []string{"TestFlippedBits", "TestCrashAtEveryByte"}},
	},
}
