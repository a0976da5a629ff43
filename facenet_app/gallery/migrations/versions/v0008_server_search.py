"""Searching on a PostgreSQL server as one statement: functions that it keeps the plans of."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the functions; a file has none, it is searched in memory."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(SEARCH_EFFORT)
        op.execute(NEAREST_PEOPLE)
        # Those in full precision; the next write builds the others.
        op.execute(DROP_INDEXES)
        op.execute("UPDATE vector_searches SET fingerprint = NULL, rows_then = NULL, recalls = NULL")


SEARCH_EFFORT = """
CREATE FUNCTION search_effort(of_table text, whose text, recall double precision, fewest integer, kind text)
RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT min(key::integer)
    FROM vector_searches, json_each_text(recalls -> kind)
    WHERE name = of_table AND fingerprint = whose AND rows >= fewest
        AND recall < 1 AND value::double precision >= recall
$$
"""

# The nearest rows, in the order of an index or by comparing with every one; then whose they are, without the
# expired; then who is not farther than the k-th, but for what sums in float32 can be wrong by; then their
# samples. Rows are fetched until one is too far. The index is looked through thoroughly only if nobody is so
# near that nobody else can be nearer.
NEAREST_PEOPLE = """
CREATE FUNCTION nearest_people(
    whose text, probe vector, of_table text, k integer, spare integer, margin double precision,
    recall double precision, fewest integer, moment timestamptz
) RETURNS TABLE (
    held text, identity_id varchar, name varchar, sample_id varchar, sample bytea, centroid bytea
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    model text := (SELECT fingerprint FROM gallery);
    thorough integer := search_effort(of_table, whose, recall, fewest, 'between');
    effort integer := coalesce(search_effort(of_table, whose, recall, fewest, 'alike'), thorough);
    sure double precision := (SELECT (recalls ->> 'sure')::double precision FROM vector_searches
                              WHERE name = of_table);
    wanted integer := 4 * k + spare;
    by_distance text;
    people varchar[];
    nearest double precision;
    kth double precision;
    farthest double precision;
    seen integer;
BEGIN
    IF model <> whose THEN
        RETURN QUERY SELECT model, NULL::varchar, NULL::varchar, NULL::varchar, NULL::bytea, NULL::bytea;
        RETURN;
    END IF;
    LOOP
        IF effort IS NULL THEN
            by_distance := 'vector <-> $1';
        ELSE
            PERFORM set_config('hnsw.ef_search', least(greatest(effort, wanted), 1000)::text, true);
            PERFORM set_config('hnsw.iterative_scan', 'strict_order', true);
            by_distance := format(
                'CAST(vector AS halfvec(%1$s)) <-> CAST($1 AS halfvec(%1$s))', vector_dims(probe)
            );
        END IF;
        EXECUTE format(
            'WITH scanned AS MATERIALIZED ('
            '    SELECT identity_id, vector <-> $1 AS far FROM %I WHERE fingerprint = %L ORDER BY %s LIMIT $2'
            '), best AS MATERIALIZED ('
            '    SELECT identity_id, min(far) AS far FROM scanned WHERE NOT EXISTS ('
            '        SELECT FROM identities WHERE id = scanned.identity_id AND expires_at <= $4)'
            '    GROUP BY identity_id'
            '), kth AS (SELECT far FROM best ORDER BY far OFFSET $3 - 1 LIMIT 1) '
            'SELECT array_agg(identity_id) FILTER ('
            '        WHERE far <= coalesce((SELECT far FROM kth), ''infinity'') + $5),'
            '    min(far), (SELECT far FROM kth), (SELECT max(far) FROM scanned),'
            '    (SELECT count(*) FROM scanned) FROM best', of_table, whose, by_distance
        ) INTO people, nearest, kth, farthest, seen USING probe, wanted, k, moment, margin;
        IF seen >= wanted AND (kth IS NULL OR farthest <= kth + margin) THEN
            wanted := 2 * wanted;
        ELSIF effort IS NULL OR nearest < sure OR effort IS NOT DISTINCT FROM thorough THEN
            EXIT;
        ELSE
            effort := thorough;
        END IF;
    END LOOP;
    RETURN QUERY
        SELECT model, v.identity_id, i.name, s.id, vector_send(v.vector), vector_send(c.vector)
        FROM (
            SELECT number, identity_id, vector, far, min(far) OVER (PARTITION BY identity_id) AS least
            FROM (
                SELECT number, identity_id, vector, vector <-> probe AS far
                FROM sample_vectors WHERE identity_id = ANY(people)
            ) AS measured
        ) AS v
        JOIN samples s ON s.number = v.number
        JOIN identities i ON i.id = v.identity_id
        JOIN centroids c ON c.identity_id = v.identity_id
        WHERE v.far <= v.least + margin;
END $$
"""

DROP_INDEXES = """
DO $$
DECLARE
    each text;
BEGIN
    FOR each IN
        SELECT indexname FROM pg_indexes
        WHERE tablename IN ('centroids', 'sample_vectors') AND indexname LIKE 'hnsw%'
    LOOP
        EXECUTE format('DROP INDEX %I', each);
    END LOOP;
END $$
"""
