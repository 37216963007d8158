namespace Statecast.Serialization.Avro.Registry;

/// <summary>Writes small files that others read meanwhile: they see the whole or nothing.</summary>
internal static class AtomicFile
{
    /// <exception cref="IOException">It cannot be written; or it is there and must not be overwritten.</exception>
    public static void Write(string file, string content, bool overwrite)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        Directory.CreateDirectory(folder);
        var written = Path.Combine(folder, $".{Path.GetRandomFileName()}");
        try
        {
            using (var stream = new FileStream(written, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(System.Text.Encoding.UTF8.GetBytes(content));
                stream.Flush(flushToDisk: true);
            }
            File.Move(written, file, overwrite);
        }
        finally
        {
            File.Delete(written);
        }
    }
}
