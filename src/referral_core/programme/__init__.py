"""The programme: everything that a retailer can set, the texts that people see, and how both are read (P1)."""
