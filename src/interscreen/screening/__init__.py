"""Study (YAML) -> candidates -> joblib -> tables -> ranking -> folder."""
