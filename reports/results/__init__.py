"""From stored runs to what tables, figures and pages show."""
