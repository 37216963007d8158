using System.Net;
using System.Net.Sockets;

namespace Statecast.Sqlite.Transport;

/// <summary>A source's side of the wakes: after a commit one byte to every registered socket, never waiting for any.</summary>
/// <param name="log">The log's directory.</param>
/// <param name="clock">The clock.</param>
internal sealed class SqliteLogWaker(string log, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private static readonly byte[] Signal = [1];
    private readonly string? _directory = SqliteLogWakes.DirectoryOf(log);
    private readonly List<Target> _targets = [];
    private Socket? _socket;
    private DateTime _written;
    private long _lookedAt;

    /// <summary>Wakes all targets. Called under the sender's gate.</summary>
    public void Wake()
    {
        if (_directory is null)
            return;
        try
        {
            Look(_directory);
            for (var i = _targets.Count - 1; i >= 0; i--)
                if (!Wake(_targets[i]))
                    _targets.RemoveAt(i);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException)
        {
            // A lost wake costs a target its poll interval, and nothing else.
            _targets.Clear();
            _lookedAt = 0;
        }
    }

    public void Dispose() => _socket?.Dispose();

    // The directory's time says when a target came or went; its tick is coarse, so now and then it is looked at anyway.
    private void Look(string directory)
    {
        var written = Directory.GetLastWriteTimeUtc(directory);
        if (written == _written && _lookedAt != 0 && clock.GetElapsedTime(_lookedAt) < LookAgain)
            return;
        _written = written;
        _lookedAt = clock.GetTimestamp();
        _targets.Clear();
        foreach (var path in Directory.EnumerateFiles(directory, "*.sock"))
            _targets.Add(new(path, new UnixDomainSocketEndPoint(path).Serialize()));
    }

    private bool Wake(Target target)
    {
        _socket ??= new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            _socket.SendTo(Signal, SocketFlags.None, target.Address);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable)
        {
            // Wakes are queued there already.
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            // Its process ended without closing it.
            File.Delete(target.Path);
            return false;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private readonly record struct Target(string Path, SocketAddress Address);
}
