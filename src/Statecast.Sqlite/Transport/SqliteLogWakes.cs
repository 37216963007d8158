using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Statecast.Hosting;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Transport;

/// <summary>
/// Where the targets of a log register the sockets that its sources wake: a directory under the temporary path, named by a hash, because a socket's path has
/// at most 108 bytes and a log's directory may be read-only to its targets. Only a short cut: a target that is never woken still polls.
/// Unix only; on Windows targets poll.
/// </summary>
internal static class SqliteLogWakes
{
    private const int MaxSocketPath = 107;
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The sockets' directory for a log; null where there are no such sockets, or where somebody else could meddle with them.</summary>
    public static string? DirectoryOf(string log)
    {
        if (OperatingSystem.IsWindows() || !Socket.OSSupportsUnixDomainSockets)
            return null;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{Environment.UserName}\n{log}"));
        var path = Path.Combine(Path.GetTempPath(), $"statecast-{Convert.ToHexStringLower(hash.AsSpan(0, 8))}");
        if (Encoding.UTF8.GetByteCount(path) + 1 + SocketNameLength > MaxSocketPath)
            return null;
        try
        {
            PrivateFile.EnsureDirectory(path);
            // The temporary path is everybody's: a directory that others may enter was made by somebody else.
            return File.GetUnixFileMode(path) == Owner ? path : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A new socket's path.</summary>
    public static string NewSocket(string directory, IEntropy entropy) =>
        Path.Combine(directory, $"{entropy.NextGuid().ToString("N", CultureInfo.InvariantCulture)}.sock");

    private const int SocketNameLength = 32 + 5;
}
