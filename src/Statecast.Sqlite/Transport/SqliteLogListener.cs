using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Statecast.Hosting;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Transport;

/// <summary>A target process's side of the wakes, shared by its receivers: beats when a source says that it committed, and at every poll interval.</summary>
internal sealed class SqliteLogListener(string log, TimeSpan pollInterval, TimeProvider clock, IEntropy entropy, ILogger logger)
{
    // Guards the number of receivers and what lives as long as there is one.
    private readonly Lock _gate = new();
    private int _receivers;
    private ITimer? _timer;
    private Socket? _socket;
    private string? _path;

    private readonly SqliteWakeSignal _signal = new();

    /// <summary>Completes at the next beat. Taken before one looks, a beat in between is not missed.</summary>
    public Task Next => _signal.Next;

    /// <summary>A receiver begins to listen.</summary>
    public void Join()
    {
        lock (_gate)
        {
            if (_receivers++ > 0)
                return;
            _timer = clock.CreateTimer(static state => ((SqliteLogListener)state!).Beat(), this, pollInterval, pollInterval);
            OpenSocket();
        }
    }

    /// <summary>A receiver ended; the last one closes the socket.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            if (--_receivers > 0)
                return;
            _timer!.Dispose();
            _socket?.Dispose();
            if (_path is not null)
                Remove(_path);
            (_socket, _path) = (null, null);
        }
    }

    // Beside the socket nothing is lost: a source that meets a dead one removes it, and whoever cleans the temporary path was only faster.
    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { }
    }

    private void Beat() => _signal.Beat();

    private void OpenSocket()
    {
        if (SqliteLogWakes.DirectoryOf(log) is not { } directory)
        {
            LogMessages.NoWakes(logger, log, pollInterval);
            return;
        }
        var path = SqliteLogWakes.NewSocket(directory, entropy);
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e)
        {
            socket.Dispose();
            LogMessages.WakesFailed(logger, e, log, pollInterval);
            return;
        }
        (_socket, _path) = (socket, path);
        _ = ListenAsync(socket);
    }

    private async Task ListenAsync(Socket socket)
    {
        var buffer = new byte[16];
        try
        {
            while (true)
            {
                await socket.ReceiveAsync(buffer, SocketFlags.None).ConfigureAwait(false);
                Beat();
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
        {
            // Closed by the last receiver.
        }
        catch (SocketException e)
        {
            LogMessages.WakesFailed(logger, e, log, pollInterval);
        }
    }
}
