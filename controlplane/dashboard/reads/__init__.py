"""What pages show that more than one room knows: each read takes the person first and a fixed number of queries."""
