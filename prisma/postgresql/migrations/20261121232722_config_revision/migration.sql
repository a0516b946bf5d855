-- Counts every change to what flows are made of, so that a node knows when its copy is old.
INSERT INTO "ConfigRevision" ("id", "revision") VALUES (1, 1);

-- Named in full: a session's search_path need not hold this schema, nor does it while a backup is restored.
CREATE FUNCTION "count_config_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('UPDATE %I."ConfigRevision" SET "revision" = "revision" + 1 WHERE "id" = 1', TG_TABLE_SCHEMA);
  RETURN NULL;
END
$$;

-- Before the change, so that two writers queue here rather than each holding a row that the other waits for.
CREATE TRIGGER "Flow_counts" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "Flow"
FOR EACH STATEMENT EXECUTE FUNCTION "count_config_change"();
CREATE TRIGGER "Stage_counts" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "Stage"
FOR EACH STATEMENT EXECUTE FUNCTION "count_config_change"();
CREATE TRIGGER "FlowStageBinding_counts" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "FlowStageBinding"
FOR EACH STATEMENT EXECUTE FUNCTION "count_config_change"();
CREATE TRIGGER "Policy_counts" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "Policy"
FOR EACH STATEMENT EXECUTE FUNCTION "count_config_change"();
CREATE TRIGGER "PolicyBinding_counts" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "PolicyBinding"
FOR EACH STATEMENT EXECUTE FUNCTION "count_config_change"();
CREATE TRIGGER "Brand_counts" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "Brand"
FOR EACH STATEMENT EXECUTE FUNCTION "count_config_change"();
CREATE TRIGGER "Group_counts" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "Group"
FOR EACH STATEMENT EXECUTE FUNCTION "count_config_change"();
CREATE TRIGGER "GroupParent_counts" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "GroupParent"
FOR EACH STATEMENT EXECUTE FUNCTION "count_config_change"();
