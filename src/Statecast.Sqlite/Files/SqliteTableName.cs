namespace Statecast.Sqlite.Files;

/// <summary>Table names that contain a destination's name. Such a name becomes part of SQL: only what a contract's destination can hold passes.</summary>
internal static class SqliteTableName
{
    /// <summary>The quoted name <c>prefix.name</c>.</summary>
    /// <exception cref="ArgumentException">The name holds other characters, or is empty or longer than 200.</exception>
    public static string Quote(string prefix, string name)
    {
        if (name.Length is 0 or > 200)
            throw new ArgumentException($"'{name}' cannot name a table: 1 to 200 characters are expected.", nameof(name));
        foreach (var c in name)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_'))
                throw new ArgumentException(
                    $"'{name}' cannot name a table: only ASCII letters, digits, '.', '-' and '_' are allowed.",
                    nameof(name)
                );
        return $"\"{prefix}.{name}\"";
    }
}
