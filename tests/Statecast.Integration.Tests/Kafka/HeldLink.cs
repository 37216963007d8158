using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>
/// A way to a broker on which what clients send, or what they are answered, can be held back for as long as a test likes, and then goes on, whatever has become of the
/// client, or is lost; or which is cut once after so many bytes.
/// </summary>
internal sealed class HeldLink : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _gate = new();
    private readonly MemoryStream _held = new();
    private readonly int _broker;
    private TaskCompletionSource _open = Opened();
    private bool _cutsAnswers;
    private long? _left;
    private TaskCompletionSource _answering = Opened();

    private HeldLink(int broker) => _broker = broker;

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Opens one to a port on loopback, whether anybody listens there yet or not.</summary>
    public static HeldLink To(int broker)
    {
        var link = new HeldLink(broker);
        link._listener.Start();
        _ = link.AcceptAsync();
        return link;
    }

    /// <summary>From now on nothing that a client sends goes through.</summary>
    public void Hold()
    {
        lock (_gate)
            _held.SetLength(0);
        _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>From now on the broker gets what clients send, and no client hears of it.</summary>
    public void HoldAnswers() => _answering = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What was held goes through, in its order.</summary>
    public void Release()
    {
        _open.TrySetResult();
        _answering.TrySetResult();
    }

    /// <summary>What was held never goes through: the connections that carry it end.</summary>
    public void Lose()
    {
        var (held, answers) = (_open, _answering);
        (_open, _answering) = (Opened(), Opened());
        held.TrySetCanceled();
        answers.TrySetCanceled();
    }

    /// <summary>Whether a text is among what is held.</summary>
    public bool Holds(string text)
    {
        lock (_gate)
            return _held.GetBuffer().AsSpan(0, (int)_held.Length).IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
    }

    /// <summary>Cuts whatever connection carries the byte after so many, of all together, from now on; those after it are whole.</summary>
    /// <param name="bytes">How many still go through.</param>
    /// <param name="ofAnswers">Whether the broker's bytes are counted, or those of clients.</param>
    public void CutAfter(long bytes, bool ofAnswers)
    {
        lock (_gate)
            (_left, _cutsAnswers) = (bytes, ofAnswers);
    }

    /// <summary>Whether the cut is still to come.</summary>
    public bool WillCut
    {
        get
        {
            lock (_gate)
                return _left is not null;
        }
    }

    public void Dispose()
    {
        _ended.Cancel();
        Release();
        _listener.Dispose();
    }

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = CarryAsync(await _listener.AcceptSocketAsync(_ended.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task CarryAsync(Socket client)
    {
        using (client)
        using (var broker = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true })
            try
            {
                await broker.ConnectAsync(IPAddress.Loopback, _broker, _ended.Token);
                client.NoDelay = true;
                var sent = Channel.CreateUnbounded<byte[]>();
                await Task.WhenAny(ReadAsync(client, sent.Writer), ForwardAsync(sent.Reader, broker), AnswerAsync(broker, client));
                // A client that has gone has still sent what it sent.
                await sent.Reader.Completion.WaitAsync(TimeSpan.FromSeconds(1), _ended.Token);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or TimeoutException)
            {
                // Either side went away: the other is closed too.
            }
    }

    // How many of them go through, and whether it ends there.
    private (int Through, bool IsCut) Pass(int bytes, bool isAnswer)
    {
        lock (_gate)
        {
            if (_left is not { } left || isAnswer != _cutsAnswers)
                return (bytes, false);
            if (bytes <= left)
            {
                _left = left - bytes;
                return (bytes, false);
            }
            _left = null;
            return ((int)left, true);
        }
    }

    private async Task ReadAsync(Socket client, ChannelWriter<byte[]> sent)
    {
        var buffer = new byte[64 << 10];
        while (await client.ReceiveAsync(buffer, _ended.Token) is > 0 and var read)
        {
            var (through, isCut) = Pass(read, isAnswer: false);
            var piece = buffer.AsSpan(0, through).ToArray();
            if (!_open.Task.IsCompleted)
                lock (_gate)
                    _held.Write(piece);
            sent.TryWrite(piece);
            if (isCut)
                break;
        }
        sent.Complete();
    }

    private async Task ForwardAsync(ChannelReader<byte[]> sent, Socket broker)
    {
        await foreach (var piece in sent.ReadAllAsync(_ended.Token))
        {
            await _open.Task.WaitAsync(_ended.Token);
            for (var at = 0; at < piece.Length; )
                at += await broker.SendAsync(piece.AsMemory(at), _ended.Token);
        }
    }

    private async Task AnswerAsync(Socket broker, Socket client)
    {
        var buffer = new byte[64 << 10];
        while (await broker.ReceiveAsync(buffer, _ended.Token) is > 0 and var read)
        {
            await _answering.Task.WaitAsync(_ended.Token);
            var (through, isCut) = Pass(read, isAnswer: true);
            for (var at = 0; at < through; )
                at += await client.SendAsync(buffer.AsMemory(at, through - at), _ended.Token);
            if (isCut)
                break;
        }
    }
}
