"""What a picture shows, independent of its form."""
