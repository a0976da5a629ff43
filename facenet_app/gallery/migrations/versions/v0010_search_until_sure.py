"""Searching on a PostgreSQL server row by row, until somebody is so near that nobody else can be nearer."""

from alembic import op

from facenet_app.gallery.migrations.versions.v0008_server_search import DROP_INDEXES

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Replace the functions; a file has none, it is searched in memory."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION search_effort")
        op.execute(ROWS_ENOUGH)
        op.execute(NEAREST_PEOPLE)
        # Those of fewer neighbors; the next write builds the others.
        op.execute(DROP_INDEXES)
        op.execute("UPDATE vector_searches SET fingerprint = NULL, rows_then = NULL, recalls = NULL")


ROWS_ENOUGH = """
CREATE FUNCTION rows_enough(of_table text, whose text, recall double precision, fewest integer)
RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT min(key::integer)
    FROM vector_searches, json_each_text(recalls -> 'shares')
    WHERE name = of_table AND fingerprint = whose AND rows >= fewest
        AND recall < 1 AND value::double precision >= recall
$$
"""

# The nearest rows: by comparing with every one, or as an index comes upon them, until somebody is so near
# that nobody else can be nearer, or so many were looked at as are enough. Then who is not farther than the
# k-th, but for what sums in float32 can be wrong by; then their samples. The expired count for nothing.
NEAREST_PEOPLE = """
CREATE OR REPLACE FUNCTION nearest_people(
    whose text, probe vector, of_table text, k integer, spare integer, margin double precision,
    recall double precision, fewest integer, moment timestamptz
) RETURNS TABLE (
    held text, identity_id varchar, name varchar, sample_id varchar, sample bytea, centroid bytea
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    model text;
    most integer;
    sure double precision;
    wanted integer := 4 * k + spare;
    scan refcursor;
    who varchar;
    far double precision;
    gone boolean;
    seen integer := 0;
    different integer := 0;
    nearest double precision := 'infinity';
    owners varchar[] := '{}';
    fars double precision[] := '{}';
    kth double precision;
BEGIN
    SELECT g.fingerprint, (s.recalls ->> 'sure')::double precision,
        rows_enough(of_table, whose, recall, fewest)
    INTO model, sure, most
    FROM gallery g, vector_searches s WHERE s.name = of_table;
    IF model <> whose THEN
        RETURN QUERY SELECT model, NULL::varchar, NULL::varchar, NULL::varchar, NULL::bytea, NULL::bytea;
        RETURN;
    END IF;
    IF most IS NOT NULL THEN
        PERFORM set_config('hnsw.ef_search', '10', true),
            set_config('hnsw.iterative_scan', 'relaxed_order', true),
            set_config('hnsw.max_scan_tuples', '100000', true),
            set_config('hnsw.scan_mem_multiplier', '8', true);
        OPEN scan NO SCROLL FOR EXECUTE format(
            'SELECT identity_id, vector <-> $1,'
            '    (SELECT expires_at <= $2 FROM identities WHERE id = identity_id) '
            'FROM %I WHERE fingerprint = %L '
            'ORDER BY CAST(vector AS halfvec(%3$s)) <-> CAST($1 AS halfvec(%3$s)) LIMIT %4$s',
            of_table, whose, vector_dims(probe), 4 * greatest(most, k + spare)
        ) USING probe, moment;
        LOOP
            FETCH scan INTO who, far, gone;
            EXIT WHEN NOT FOUND;
            seen := seen + 1;
            IF gone IS NOT TRUE THEN
                IF different < k AND who <> ALL(owners) THEN
                    different := different + 1;
                END IF;
                owners := owners || who;
                fars := fars || far;
                nearest := least(nearest, far);
            END IF;
            EXIT WHEN seen >= k + spare AND different >= k AND (nearest < sure OR seen >= most);
        END LOOP;
        CLOSE scan;
    END IF;
    LOOP
        IF most IS NULL THEN
            EXECUTE format(
                'SELECT array_agg(identity_id), array_agg(far) FROM ('
                '    SELECT identity_id, vector <-> $1 AS far FROM %I AS v'
                '    WHERE fingerprint = %L AND NOT EXISTS ('
                '        SELECT FROM identities WHERE id = v.identity_id AND expires_at <= $3)'
                '    ORDER BY far LIMIT $2'
                ') AS scanned', of_table, whose
            ) INTO owners, fars USING probe, wanted, moment;
        END IF;
        kth := (SELECT min(far) AS least FROM unnest(owners, fars) AS seen (who, far)
                GROUP BY who ORDER BY least OFFSET k - 1 LIMIT 1);
        EXIT WHEN most IS NOT NULL OR coalesce(cardinality(owners), 0) < wanted
            OR fars[cardinality(fars)] > kth + margin;
        wanted := 2 * wanted;
    END LOOP;
    owners := ARRAY(SELECT who FROM unnest(owners, fars) AS seen (who, far)
                    GROUP BY who HAVING min(far) <= coalesce(kth, 'infinity') + margin);
    RETURN QUERY
        SELECT model, v.identity_id, i.name, s.id, vector_send(v.vector), vector_send(c.vector)
        FROM (
            SELECT number, identity_id, vector, far, min(far) OVER (PARTITION BY identity_id) AS least
            FROM (
                SELECT number, identity_id, vector, vector <-> probe AS far
                FROM sample_vectors WHERE identity_id = ANY(owners)
            ) AS measured
        ) AS v
        JOIN samples s ON s.number = v.number
        JOIN identities i ON i.id = v.identity_id
        JOIN centroids c ON c.identity_id = v.identity_id
        WHERE v.far <= v.least + margin;
END $$
"""
