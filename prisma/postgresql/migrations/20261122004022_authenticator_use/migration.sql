-- AlterTable
ALTER TABLE "Authenticator" ADD COLUMN     "failures" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "lastFailedAt" TIMESTAMPTZ(3),
ADD COLUMN     "stageId" TEXT,
ADD COLUMN     "version" INTEGER NOT NULL DEFAULT 1;
