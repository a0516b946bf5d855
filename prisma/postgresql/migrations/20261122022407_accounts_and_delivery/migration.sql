-- AlterTable
ALTER TABLE "Authenticator" ADD COLUMN     "lookup" TEXT;

-- AlterTable
ALTER TABLE "Stage" ADD COLUMN     "sealed" TEXT;

-- CreateTable
CREATE TABLE "StageObject" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "config" JSONB NOT NULL,
    "sealed" TEXT,

    CONSTRAINT "StageObject_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Consent" (
    "userId" INTEGER NOT NULL,
    "application" TEXT NOT NULL,
    "permissions" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Consent_pkey" PRIMARY KEY ("userId","application")
);

-- CreateTable
CREATE TABLE "Invitation" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3),
    "fixedData" JSONB NOT NULL,
    "singleUse" BOOLEAN NOT NULL DEFAULT false,
    "flowId" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Invitation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SourceConnection" (
    "source" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "userId" INTEGER NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "SourceConnection_pkey" PRIMARY KEY ("source","identifier")
);

-- CreateTable
CREATE TABLE "FlowToken" (
    "hash" TEXT NOT NULL,
    "flowSlug" TEXT NOT NULL,
    "definitionId" TEXT NOT NULL,
    "userId" INTEGER,
    "plan" JSONB NOT NULL,
    "sealed" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "usedAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "FlowToken_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "QueuedMail" (
    "id" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "dueAt" TIMESTAMPTZ(3) NOT NULL,
    "problem" TEXT NOT NULL DEFAULT '',
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "QueuedMail_pkey" PRIMARY KEY ("id")
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

-- AddForeignKey
ALTER TABLE "Consent" ADD CONSTRAINT "Consent_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Invitation" ADD CONSTRAINT "Invitation_flowId_fkey" FOREIGN KEY ("flowId") REFERENCES "Flow"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SourceConnection" ADD CONSTRAINT "SourceConnection_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "FlowToken" ADD CONSTRAINT "FlowToken_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What stages name belongs to the configuration as much as they do.
CREATE TRIGGER "StageObject_counts" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "StageObject"
FOR EACH STATEMENT EXECUTE FUNCTION "count_config_change"();
