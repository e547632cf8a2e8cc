"""The store on Redis or Valkey: its functions, streams, fleet, and the rights of those who use it."""
