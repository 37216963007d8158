namespace PackageCatalog.Reading;

/// <summary>An index cannot be read.</summary>
/// <param name="file">The file.</param>
/// <param name="line">The line, from 1; 0 where it is about the file as a whole.</param>
/// <param name="reason">What is wrong.</param>
public sealed class PackageFormatException(string file, long line, string reason)
    : Exception(line == 0 ? $"{file}: {reason}" : $"{file}, line {line}: {reason}")
{
    public string File { get; } = file;

    public long Line { get; } = line;
}
