-- Run once by the PostgreSQL image, when its volume is empty: a database for each subgraph, owned by a role of its own,
-- so that no subgraph reaches the rows of another. The tables are made by the subgraphs when they start.
\set ON_ERROR_STOP on
\getenv password POSTGRES_PASSWORD

CREATE ROLE accounts LOGIN PASSWORD :'password';
CREATE DATABASE accounts OWNER accounts;
REVOKE ALL ON DATABASE accounts FROM PUBLIC;

CREATE ROLE products LOGIN PASSWORD :'password';
CREATE DATABASE products OWNER products;
REVOKE ALL ON DATABASE products FROM PUBLIC;

CREATE ROLE inventory LOGIN PASSWORD :'password';
CREATE DATABASE inventory OWNER inventory;
REVOKE ALL ON DATABASE inventory FROM PUBLIC;

CREATE ROLE reviews LOGIN PASSWORD :'password';
CREATE DATABASE reviews OWNER reviews;
REVOKE ALL ON DATABASE reviews FROM PUBLIC;

CREATE ROLE ai LOGIN PASSWORD :'password';
CREATE DATABASE ai OWNER ai;
REVOKE ALL ON DATABASE ai FROM PUBLIC;
