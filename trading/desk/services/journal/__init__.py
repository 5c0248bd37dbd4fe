"""Reading the journal against the bars it was written from: replay, verification, explanation."""
