"""Settings: one base, thin variations (embedded, production, test). Every value comes from the environment."""
