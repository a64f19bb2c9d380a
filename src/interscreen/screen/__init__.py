"""Study -> contacts -> scores -> ranking -> folder."""
