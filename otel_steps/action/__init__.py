"""What an agent's action says, in any of the shapes that agents use. Pure, and never surprised."""
