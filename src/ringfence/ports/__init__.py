"""What use cases ask of the world: protocols, and the values they carry."""
