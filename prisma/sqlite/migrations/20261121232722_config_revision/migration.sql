-- Counts every change to what flows are made of, so that a node knows when its copy is old.
INSERT INTO "ConfigRevision" ("id", "revision") VALUES (1, 1);

-- A migration that rebuilds one of these tables drops its triggers with it and must create them again.

CREATE TRIGGER "Flow_insert_counts" AFTER INSERT ON "Flow"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "Flow_update_counts" AFTER UPDATE ON "Flow"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "Flow_delete_counts" AFTER DELETE ON "Flow"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;

CREATE TRIGGER "Stage_insert_counts" AFTER INSERT ON "Stage"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "Stage_update_counts" AFTER UPDATE ON "Stage"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "Stage_delete_counts" AFTER DELETE ON "Stage"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;

CREATE TRIGGER "FlowStageBinding_insert_counts" AFTER INSERT ON "FlowStageBinding"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "FlowStageBinding_update_counts" AFTER UPDATE ON "FlowStageBinding"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "FlowStageBinding_delete_counts" AFTER DELETE ON "FlowStageBinding"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;

CREATE TRIGGER "Policy_insert_counts" AFTER INSERT ON "Policy"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "Policy_update_counts" AFTER UPDATE ON "Policy"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "Policy_delete_counts" AFTER DELETE ON "Policy"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;

CREATE TRIGGER "PolicyBinding_insert_counts" AFTER INSERT ON "PolicyBinding"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "PolicyBinding_update_counts" AFTER UPDATE ON "PolicyBinding"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "PolicyBinding_delete_counts" AFTER DELETE ON "PolicyBinding"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;

CREATE TRIGGER "Brand_insert_counts" AFTER INSERT ON "Brand"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "Brand_update_counts" AFTER UPDATE ON "Brand"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "Brand_delete_counts" AFTER DELETE ON "Brand"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;

CREATE TRIGGER "Group_insert_counts" AFTER INSERT ON "Group"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "Group_update_counts" AFTER UPDATE ON "Group"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "Group_delete_counts" AFTER DELETE ON "Group"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;

CREATE TRIGGER "GroupParent_insert_counts" AFTER INSERT ON "GroupParent"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "GroupParent_update_counts" AFTER UPDATE ON "GroupParent"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
CREATE TRIGGER "GroupParent_delete_counts" AFTER DELETE ON "GroupParent"
BEGIN UPDATE "ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1; END;
