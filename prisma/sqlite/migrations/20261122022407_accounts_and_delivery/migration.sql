-- AlterTable
ALTER TABLE "Authenticator" ADD COLUMN "lookup" TEXT;

-- AlterTable
ALTER TABLE "Stage" ADD COLUMN "sealed" TEXT;

-- CreateTable
CREATE TABLE "StageObject" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "config" JSONB NOT NULL,
    "sealed" TEXT
);

-- CreateTable
CREATE TABLE "Consent" (
    "userId" INTEGER NOT NULL,
    "application" TEXT NOT NULL,
    "permissions" TEXT NOT NULL,
    "expiresAt" DATETIME,
    "createdAt" DATETIME NOT NULL,

    PRIMARY KEY ("userId", "application"),
    CONSTRAINT "Consent_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Invitation" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "expiresAt" DATETIME,
    "fixedData" JSONB NOT NULL,
    "singleUse" BOOLEAN NOT NULL DEFAULT false,
    "flowId" TEXT,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Invitation_flowId_fkey" FOREIGN KEY ("flowId") REFERENCES "Flow" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "SourceConnection" (
    "source" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "userId" INTEGER NOT NULL,
    "createdAt" DATETIME NOT NULL,

    PRIMARY KEY ("source", "identifier"),
    CONSTRAINT "SourceConnection_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "FlowToken" (
    "hash" TEXT NOT NULL PRIMARY KEY,
    "flowSlug" TEXT NOT NULL,
    "definitionId" TEXT NOT NULL,
    "userId" INTEGER,
    "plan" JSONB NOT NULL,
    "sealed" TEXT NOT NULL,
    "expiresAt" DATETIME NOT NULL,
    "usedAt" DATETIME,
    "createdAt" DATETIME NOT NULL,
    CONSTRAINT "FlowToken_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "QueuedMail" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "sealed" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "dueAt" DATETIME NOT NULL,
    "problem" TEXT NOT NULL DEFAULT '',
    "createdAt" DATETIME NOT NULL
);

-- CreateIndex
CREATE UNIQUE INDEX "StageObject_kind_name_key" ON "StageObject"("kind", "name");

-- CreateIndex
CREATE UNIQUE INDEX "Invitation_name_key" ON "Invitation"("name");

-- CreateIndex
CREATE INDEX "SourceConnection_userId_idx" ON "SourceConnection"("userId");

-- CreateIndex
CREATE INDEX "FlowToken_expiresAt_idx" ON "FlowToken"("expiresAt");

-- CreateIndex
CREATE INDEX "FlowToken_userId_idx" ON "FlowToken"("userId");

-- CreateIndex
CREATE INDEX "QueuedMail_dueAt_idx" ON "QueuedMail"("dueAt");

-- CreateIndex
CREATE UNIQUE INDEX "Authenticator_kind_lookup_key" ON "Authenticator"("kind", "lookup");

-- What stages name belongs to the configuration as much as they do.
CREATE TRIGGER "StageObject_insert_counts" AFTER INSERT ON "StageObject"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "StageObject_update_counts" AFTER UPDATE ON "StageObject"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "StageObject_delete_counts" AFTER DELETE ON "StageObject"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
