"""Agent stores that the KODE SDK keeps in PostgreSQL."""
