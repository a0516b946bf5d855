-- Mails that wait to be sent stay where they are.
DROP INDEX "QueuedMail_dueAt_idx";
ALTER TABLE "QueuedMail" RENAME TO "QueuedMessage";
ALTER TABLE "QueuedMessage" ADD COLUMN "channel" TEXT NOT NULL DEFAULT 'mail';
ALTER TABLE "QueuedMessage" ADD COLUMN "executionId" TEXT;
ALTER TABLE "QueuedMessage" ADD COLUMN "state" TEXT NOT NULL DEFAULT 'queued';
ALTER TABLE "QueuedMessage" ADD COLUMN "finishedAt" DATETIME;
CREATE INDEX "QueuedMessage_state_dueAt_idx" ON "QueuedMessage"("state", "dueAt");
CREATE INDEX "QueuedMessage_finishedAt_idx" ON "QueuedMessage"("finishedAt");

ALTER TABLE "FlowToken" ADD COLUMN "issuedBy" TEXT;

CREATE TABLE "ExecutionStep" (
    "executionId" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "sealed" TEXT NOT NULL,
    "expiresAt" DATETIME NOT NULL,

    PRIMARY KEY ("executionId", "sequence")
);
CREATE INDEX "ExecutionStep_expiresAt_idx" ON "ExecutionStep"("expiresAt");
