-- CreateTable
CREATE TABLE "Flow" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "policyTargetId" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "designation" TEXT NOT NULL,
    "background" TEXT NOT NULL DEFAULT '',
    "layout" TEXT NOT NULL DEFAULT 'stacked',
    "compatibilityMode" BOOLEAN NOT NULL DEFAULT false,
    "deniedAction" TEXT NOT NULL DEFAULT 'message_continue',
    "authentication" TEXT NOT NULL DEFAULT 'none',
    "policyEngineMode" TEXT NOT NULL DEFAULT 'any'
);

-- CreateTable
CREATE TABLE "Stage" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "config" JSONB NOT NULL,
    "configureFlowId" TEXT,
    CONSTRAINT "Stage_configureFlowId_fkey" FOREIGN KEY ("configureFlowId") REFERENCES "Flow" ("id") ON DELETE SET NULL ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "FlowStageBinding" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "policyTargetId" TEXT NOT NULL,
    "flowId" TEXT NOT NULL,
    "stageId" TEXT NOT NULL,
    "order" INTEGER NOT NULL,
    "evaluateOnPlan" BOOLEAN NOT NULL DEFAULT false,
    "reEvaluatePolicies" BOOLEAN NOT NULL DEFAULT true,
    "policyEngineMode" TEXT NOT NULL DEFAULT 'any',
    "invalidResponseAction" TEXT NOT NULL DEFAULT 'retry',
    CONSTRAINT "FlowStageBinding_flowId_fkey" FOREIGN KEY ("flowId") REFERENCES "Flow" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "FlowStageBinding_stageId_fkey" FOREIGN KEY ("stageId") REFERENCES "Stage" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Policy" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "config" JSONB NOT NULL,
    "executionLogging" BOOLEAN NOT NULL DEFAULT false
);

-- CreateTable
CREATE TABLE "PolicyBinding" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "flowId" TEXT,
    "stageBindingId" TEXT,
    "policyId" TEXT,
    "groupId" TEXT,
    "userId" INTEGER,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "order" INTEGER NOT NULL,
    "negate" BOOLEAN NOT NULL DEFAULT false,
    "timeout" INTEGER NOT NULL DEFAULT 30,
    "failureResult" BOOLEAN NOT NULL DEFAULT false,
    CONSTRAINT "PolicyBinding_flowId_fkey" FOREIGN KEY ("flowId") REFERENCES "Flow" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "PolicyBinding_stageBindingId_fkey" FOREIGN KEY ("stageBindingId") REFERENCES "FlowStageBinding" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "PolicyBinding_policyId_fkey" FOREIGN KEY ("policyId") REFERENCES "Policy" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "PolicyBinding_groupId_fkey" FOREIGN KEY ("groupId") REFERENCES "Group" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "PolicyBinding_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "User" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "uuid" TEXT NOT NULL,
    "username" TEXT NOT NULL,
    "usernameNormalized" TEXT NOT NULL,
    "name" TEXT NOT NULL DEFAULT '',
    "email" TEXT NOT NULL DEFAULT '',
    "emailNormalized" TEXT NOT NULL DEFAULT '',
    "isActive" BOOLEAN NOT NULL DEFAULT true,
    "type" TEXT NOT NULL DEFAULT 'internal',
    "path" TEXT NOT NULL DEFAULT 'users',
    "attributes" JSONB NOT NULL,
    "passwordHash" TEXT,
    "passwordChangedAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastLoginAt" DATETIME,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "Group" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "numericId" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "isSuperuser" BOOLEAN NOT NULL DEFAULT false,
    "attributes" JSONB NOT NULL
);

-- CreateTable
CREATE TABLE "GroupParent" (
    "groupId" TEXT NOT NULL,
    "parentId" TEXT NOT NULL,

    PRIMARY KEY ("groupId", "parentId"),
    CONSTRAINT "GroupParent_groupId_fkey" FOREIGN KEY ("groupId") REFERENCES "Group" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "GroupParent_parentId_fkey" FOREIGN KEY ("parentId") REFERENCES "Group" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "GroupMember" (
    "groupId" TEXT NOT NULL,
    "userId" INTEGER NOT NULL,

    PRIMARY KEY ("groupId", "userId"),
    CONSTRAINT "GroupMember_groupId_fkey" FOREIGN KEY ("groupId") REFERENCES "Group" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "GroupMember_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Token" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "identifier" TEXT NOT NULL,
    "keyHash" TEXT NOT NULL,
    "intent" TEXT NOT NULL DEFAULT 'verification',
    "userId" INTEGER NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "managed" TEXT,
    "expiring" BOOLEAN NOT NULL DEFAULT true,
    "expiresAt" DATETIME,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Token_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Brand" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "domain" TEXT NOT NULL,
    "default" BOOLEAN NOT NULL DEFAULT false,
    "brandingTitle" TEXT NOT NULL DEFAULT 'Stagedoor',
    "brandingLogo" TEXT NOT NULL DEFAULT '',
    "brandingFavicon" TEXT NOT NULL DEFAULT '',
    "brandingCustomCss" TEXT NOT NULL DEFAULT '',
    "attributes" JSONB NOT NULL,
    "flowAuthenticationId" TEXT,
    "flowInvalidationId" TEXT,
    "flowRecoveryId" TEXT,
    "flowUnenrollmentId" TEXT,
    "flowUserSettingsId" TEXT,
    "flowDeviceCodeId" TEXT,
    "flowLockdownId" TEXT,
    "flowUserSwitchId" TEXT,
    "flowRequestId" TEXT,
    CONSTRAINT "Brand_flowAuthenticationId_fkey" FOREIGN KEY ("flowAuthenticationId") REFERENCES "Flow" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    CONSTRAINT "Brand_flowInvalidationId_fkey" FOREIGN KEY ("flowInvalidationId") REFERENCES "Flow" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    CONSTRAINT "Brand_flowRecoveryId_fkey" FOREIGN KEY ("flowRecoveryId") REFERENCES "Flow" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    CONSTRAINT "Brand_flowUnenrollmentId_fkey" FOREIGN KEY ("flowUnenrollmentId") REFERENCES "Flow" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    CONSTRAINT "Brand_flowUserSettingsId_fkey" FOREIGN KEY ("flowUserSettingsId") REFERENCES "Flow" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    CONSTRAINT "Brand_flowDeviceCodeId_fkey" FOREIGN KEY ("flowDeviceCodeId") REFERENCES "Flow" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    CONSTRAINT "Brand_flowLockdownId_fkey" FOREIGN KEY ("flowLockdownId") REFERENCES "Flow" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    CONSTRAINT "Brand_flowUserSwitchId_fkey" FOREIGN KEY ("flowUserSwitchId") REFERENCES "Flow" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
    CONSTRAINT "Brand_flowRequestId_fkey" FOREIGN KEY ("flowRequestId") REFERENCES "Flow" ("id") ON DELETE SET NULL ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Session" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "handleHash" TEXT NOT NULL,
    "previousHandleHash" TEXT,
    "rotationNonce" TEXT,
    "rotatedAt" DATETIME,
    "userId" INTEGER,
    "createdAt" DATETIME NOT NULL,
    "lastSeenAt" DATETIME NOT NULL,
    "idleSeconds" INTEGER,
    "expiresAt" DATETIME NOT NULL,
    "persistent" BOOLEAN NOT NULL DEFAULT false,
    "clientIp" TEXT NOT NULL DEFAULT '',
    "userAgent" TEXT NOT NULL DEFAULT '',
    "authMethod" TEXT,
    "networkBinding" TEXT NOT NULL DEFAULT 'no_binding',
    "geoipBinding" TEXT NOT NULL DEFAULT 'no_binding',
    CONSTRAINT "Session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Execution" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "sessionId" TEXT NOT NULL,
    "flowSlug" TEXT NOT NULL,
    "definitionId" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "stepToken" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "pendingUserId" INTEGER,
    "plan" JSONB NOT NULL,
    "sealed" TEXT NOT NULL,
    "restKey" TEXT,
    "createdAt" DATETIME NOT NULL,
    "updatedAt" DATETIME NOT NULL,
    "expiresAt" DATETIME NOT NULL,
    CONSTRAINT "Execution_sessionId_fkey" FOREIGN KEY ("sessionId") REFERENCES "Session" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "FlowDefinition" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "content" JSONB NOT NULL,
    "createdAt" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "Authenticator" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "userId" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL DEFAULT '',
    "confirmed" BOOLEAN NOT NULL DEFAULT true,
    "sealed" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastUsedAt" DATETIME,
    CONSTRAINT "Authenticator_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Event" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "action" TEXT NOT NULL,
    "app" TEXT NOT NULL DEFAULT 'stagedoor',
    "userId" INTEGER,
    "username" TEXT NOT NULL DEFAULT '',
    "clientIp" TEXT NOT NULL DEFAULT '',
    "requestId" TEXT NOT NULL DEFAULT '',
    "context" JSONB NOT NULL,
    "createdAt" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "BlueprintInstance" (
    "path" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "appliedAt" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "ConfigRevision" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "revision" INTEGER NOT NULL
);

-- CreateIndex
CREATE UNIQUE INDEX "Flow_policyTargetId_key" ON "Flow"("policyTargetId");

-- CreateIndex
CREATE UNIQUE INDEX "Flow_slug_key" ON "Flow"("slug");

-- CreateIndex
CREATE UNIQUE INDEX "Stage_name_key" ON "Stage"("name");

-- CreateIndex
CREATE INDEX "Stage_kind_idx" ON "Stage"("kind");

-- CreateIndex
CREATE UNIQUE INDEX "FlowStageBinding_policyTargetId_key" ON "FlowStageBinding"("policyTargetId");

-- CreateIndex
CREATE UNIQUE INDEX "FlowStageBinding_flowId_stageId_order_key" ON "FlowStageBinding"("flowId", "stageId", "order");

-- CreateIndex
CREATE UNIQUE INDEX "Policy_name_key" ON "Policy"("name");

-- CreateIndex
CREATE INDEX "Policy_kind_idx" ON "Policy"("kind");

-- CreateIndex
CREATE INDEX "PolicyBinding_flowId_idx" ON "PolicyBinding"("flowId");

-- CreateIndex
CREATE INDEX "PolicyBinding_stageBindingId_idx" ON "PolicyBinding"("stageBindingId");

-- CreateIndex
CREATE UNIQUE INDEX "PolicyBinding_policyId_flowId_order_key" ON "PolicyBinding"("policyId", "flowId", "order");

-- CreateIndex
CREATE UNIQUE INDEX "PolicyBinding_policyId_stageBindingId_order_key" ON "PolicyBinding"("policyId", "stageBindingId", "order");

-- CreateIndex
CREATE UNIQUE INDEX "User_uuid_key" ON "User"("uuid");

-- CreateIndex
CREATE UNIQUE INDEX "User_username_key" ON "User"("username");

-- CreateIndex
CREATE INDEX "User_usernameNormalized_idx" ON "User"("usernameNormalized");

-- CreateIndex
CREATE INDEX "User_emailNormalized_idx" ON "User"("emailNormalized");

-- CreateIndex
CREATE INDEX "User_email_idx" ON "User"("email");

-- CreateIndex
CREATE UNIQUE INDEX "Group_numericId_key" ON "Group"("numericId");

-- CreateIndex
CREATE UNIQUE INDEX "Group_name_key" ON "Group"("name");

-- CreateIndex
CREATE INDEX "GroupParent_parentId_idx" ON "GroupParent"("parentId");

-- CreateIndex
CREATE INDEX "GroupMember_userId_idx" ON "GroupMember"("userId");

-- CreateIndex
CREATE UNIQUE INDEX "Token_identifier_key" ON "Token"("identifier");

-- CreateIndex
CREATE UNIQUE INDEX "Token_keyHash_key" ON "Token"("keyHash");

-- CreateIndex
CREATE INDEX "Token_userId_idx" ON "Token"("userId");

-- CreateIndex
CREATE UNIQUE INDEX "Brand_domain_key" ON "Brand"("domain");

-- CreateIndex
CREATE UNIQUE INDEX "Session_handleHash_key" ON "Session"("handleHash");

-- CreateIndex
CREATE UNIQUE INDEX "Session_previousHandleHash_key" ON "Session"("previousHandleHash");

-- CreateIndex
CREATE INDEX "Session_userId_idx" ON "Session"("userId");

-- CreateIndex
CREATE INDEX "Session_expiresAt_idx" ON "Session"("expiresAt");

-- CreateIndex
CREATE INDEX "Execution_expiresAt_idx" ON "Execution"("expiresAt");

-- CreateIndex
CREATE INDEX "Execution_definitionId_idx" ON "Execution"("definitionId");

-- CreateIndex
CREATE UNIQUE INDEX "Execution_sessionId_restKey_key" ON "Execution"("sessionId", "restKey");

-- CreateIndex
CREATE INDEX "Authenticator_userId_kind_idx" ON "Authenticator"("userId", "kind");

-- CreateIndex
CREATE INDEX "Event_createdAt_idx" ON "Event"("createdAt");

-- CreateIndex
CREATE INDEX "Event_action_createdAt_idx" ON "Event"("action", "createdAt");

-- CreateIndex
CREATE INDEX "Event_userId_createdAt_idx" ON "Event"("userId", "createdAt");
