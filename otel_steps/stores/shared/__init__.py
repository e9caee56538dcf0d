"""What PostgreSQL and Supabase have in common: the functions of the shared database."""
