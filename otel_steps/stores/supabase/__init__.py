"""The store of a Supabase project."""
