"""The endpoints, by the noun they are about; each module ends with a table of its own."""
