-- What the processes of one bot tell each other. None of it is worth keeping: it is made anew within seconds.
CREATE TABLE IF NOT EXISTS leases (
    name TEXT COLLATE "C" PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,  -- rises with each holder
    since TIMESTAMPTZ NOT NULL,
    expires TIMESTAMPTZ NOT NULL  -- by this server's clock
);
-- Apart from `leases`: what is written under a lease locks its row here, which renewing must not wait for.
CREATE TABLE IF NOT EXISTS fences (name TEXT COLLATE "C" PRIMARY KEY, number BIGINT NOT NULL);

CREATE SEQUENCE IF NOT EXISTS bus_numbers;
CREATE UNLOGGED TABLE IF NOT EXISTS bus_views (
    layer TEXT COLLATE "C" NOT NULL,
    coin TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    process TEXT COLLATE "C" NOT NULL,  -- whoever made it
    told TIMESTAMPTZ NOT NULL,
    body BYTEA NOT NULL,  -- a view with its events, as market/wire.py writes them
    PRIMARY KEY (layer, coin)
);
ALTER TABLE bus_views ALTER COLUMN body SET STORAGE EXTERNAL;  -- packing takes longer than sending
CREATE UNLOGGED TABLE IF NOT EXISTS bus_observations (
    layer TEXT COLLATE "C" NOT NULL,
    coin TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    process TEXT COLLATE "C" NOT NULL,
    told TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (layer, coin)
);
CREATE UNLOGGED TABLE IF NOT EXISTS processes (
    name TEXT COLLATE "C" PRIMARY KEY,
    seen TIMESTAMPTZ NOT NULL,
    report BYTEA NOT NULL  -- what it says of itself, as store/presence.py has it
);

-- What scanners have read of accounts, the newest of each; kept, so that an engine knows all at its start.
CREATE TABLE IF NOT EXISTS scans (
    venue TEXT COLLATE "C" NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    process TEXT COLLATE "C" NOT NULL,
    told TIMESTAMPTZ NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (venue, account)
);
CREATE INDEX IF NOT EXISTS scans_by_number ON scans (process, number);
-- What one process asks another, as who holds what now; a row lasts until its asker has the answer.
CREATE UNLOGGED TABLE IF NOT EXISTS remote_calls (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    expires TIMESTAMPTZ NOT NULL,
    taken TEXT COLLATE "C",  -- by whom it is being answered
    answer BYTEA
);
