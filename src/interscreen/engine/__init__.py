"""The linear program: arrays in, arrays out, certified; knows no chemistry."""
