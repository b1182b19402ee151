"""What it takes to keep the promise after the sale, and whether quality is good enough to scale. Knows no sites."""
