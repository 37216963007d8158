using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>
/// The mock cluster that librdkafka has in itself: a broker in this process that takes and gives records, keeps groups, and gives topics ids. What it lacks of
/// what we ask of brokers (topics that are made, removed and described by request) is answered in front of it. It compacts nothing, checks no settings, knows
/// no security, and cannot be killed.
/// </summary>
internal sealed class MockKafka : IDisposable
{
    private const short CreateTopics = 19;
    private const short DeleteTopics = 20;
    private const short DescribeConfigs = 32;
    private const short ApiVersions = 18;
    private const short UnknownTopic = 3;
    private const short TopicExists = 36;
    private const short TooManyCopies = 38;

    // What is answered here, each up to the newest version whose form is plain.
    private static readonly (short Request, short Newest)[] Answered = [(CreateTopics, 4), (DeleteTopics, 1), (DescribeConfigs, 1)];

    private readonly ConcurrentDictionary<string, Dictionary<string, string?>> _topics = new(StringComparer.Ordinal);
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();
    private readonly MockCluster _cluster = new();

    private MockKafka()
    {
        _listener.Start();
        // Clients are told to come here.
        _cluster.Advertise(Port);
        _ = AcceptAsync();
    }

    /// <summary>Where it is found.</summary>
    public string BootstrapServers => $"127.0.0.1:{Port}";

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public static MockKafka Start() => new();

    public void Dispose()
    {
        _ended.Cancel();
        _listener.Dispose();
        _cluster.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = CarryAsync(await _listener.AcceptTcpClientAsync(_ended.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using (client)
        using (var broker = new TcpClient { NoDelay = true })
        using (var answers = new SemaphoreSlim(1, 1))
            try
            {
                client.NoDelay = true;
                await broker.ConnectAsync(IPAddress.Loopback, _cluster.Port, _ended.Token);
                // Which answers name what the broker can do.
                var versions = new ConcurrentDictionary<int, bool>();
                await Task.WhenAny(AskAsync(client, broker, answers, versions), AnswerAsync(broker, client, answers, versions));
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                // Either side went away: the other is closed too.
            }
    }

    private async Task AskAsync(TcpClient client, TcpClient broker, SemaphoreSlim answers, ConcurrentDictionary<int, bool> versions)
    {
        while (await FrameAsync(client) is { } frame)
        {
            var (request, version) = (BinaryPrimitives.ReadInt16BigEndian(frame), BinaryPrimitives.ReadInt16BigEndian(frame.AsSpan(2)));
            if (request == ApiVersions)
                versions[BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(4))] = true;
            if (Array.Exists(Answered, a => a.Request == request))
                await SendAsync(client, Answer(request, version, new(frame)), answers);
            else
                await SendAsync(broker, frame, null);
        }
    }

    private async Task AnswerAsync(TcpClient broker, TcpClient client, SemaphoreSlim answers, ConcurrentDictionary<int, bool> versions)
    {
        while (await FrameAsync(broker) is { } frame)
            await SendAsync(client, versions.TryRemove(BinaryPrimitives.ReadInt32BigEndian(frame), out _) ? Extend(frame) : frame, answers);
    }

    // The mock knows the first form alone: an error, and a list with its length. Asked in a newer one it refuses, and is asked again.
    private static byte[] Extend(byte[] frame)
    {
        const int list = 6;
        if (BinaryPrimitives.ReadInt16BigEndian(frame.AsSpan(4)) != 0)
            return frame;
        using var said = new MemoryStream();
        said.Write(frame, 0, list);
        Write(said, BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(list)) + Answered.Length);
        foreach (var (request, newest) in Answered)
        {
            Write(said, request);
            Write(said, (short)0);
            Write(said, newest);
        }
        said.Write(frame.AsSpan(list + 4));
        return said.ToArray();
    }

    private byte[] Answer(short request, short version, Asked asked)
    {
        using var said = new MemoryStream();
        Write(said, asked.Correlation);
        if (request == CreateTopics ? version >= 2 : request != DeleteTopics || version >= 1)
            Write(said, 0);
        var count = asked.Int();
        Write(said, count);
        for (var i = 0; i < count; i++)
            switch (request)
            {
                case CreateTopics:
                    Made(said, version, asked);
                    break;
                case DeleteTopics:
                    Removed(said, asked);
                    break;
                default:
                    Described(said, version, asked);
                    break;
            }
        return said.ToArray();
    }

    private void Made(MemoryStream said, short version, Asked asked)
    {
        var (name, partitions, copies) = (asked.Text()!, asked.Int(), asked.Short());
        if (asked.Int() > 0)
            throw new NotSupportedException("Nobody here says where partitions are placed.");
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal);
        for (var left = asked.Int(); left > 0; left--)
            settings[asked.Text()!] = asked.Text();
        // There is one broker; the mock itself would put all copies there.
        var error = copies > 1 ? TooManyCopies : TopicExists;
        if (copies <= 1 && _topics.TryAdd(name, settings))
            error = _cluster.Make(name, partitions, copies);
        Write(said, name);
        Write(said, error);
        if (version >= 1)
            Write(said, null);
    }

    private void Removed(MemoryStream said, Asked asked)
    {
        var name = asked.Text()!;
        var error = UnknownTopic;
        if (_topics.TryRemove(name, out _))
            error = _cluster.Remove(name);
        Write(said, name);
        Write(said, error);
    }

    // All settings of a topic, whichever are asked for.
    private void Described(MemoryStream said, short version, Asked asked)
    {
        var (kind, name) = (asked.Byte(), asked.Text()!);
        for (var names = asked.Int(); names > 0; names--)
            asked.Text();
        var found = _topics.TryGetValue(name, out var settings);
        Write(said, found ? (short)0 : UnknownTopic);
        Write(said, null);
        said.WriteByte(kind);
        Write(said, name);
        Write(said, settings?.Count ?? 0);
        foreach (var (setting, value) in settings ?? [])
        {
            Write(said, setting);
            Write(said, value);
            // Not read-only; the topic's own (in the first version: no default); not secret; no synonyms.
            said.Write([0, (byte)(version == 0 ? 0 : 1), 0]);
            if (version >= 1)
                Write(said, 0);
        }
    }

    private async Task<byte[]?> FrameAsync(TcpClient from)
    {
        var length = new byte[4];
        if (await from.GetStream().ReadAtLeastAsync(length, 4, throwOnEndOfStream: false, _ended.Token) < 4)
            return null;
        var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
        await from.GetStream().ReadExactlyAsync(frame, _ended.Token);
        return frame;
    }

    private async Task SendAsync(TcpClient to, byte[] frame, SemaphoreSlim? turn)
    {
        var sent = new byte[4 + frame.Length];
        BinaryPrimitives.WriteInt32BigEndian(sent, frame.Length);
        frame.CopyTo(sent, 4);
        if (turn is not null)
            await turn.WaitAsync(_ended.Token);
        try
        {
            await to.GetStream().WriteAsync(sent, _ended.Token);
        }
        finally
        {
            turn?.Release();
        }
    }

    private static void Write(MemoryStream said, short value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteInt16BigEndian(bytes, value);
        said.Write(bytes);
    }

    private static void Write(MemoryStream said, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        said.Write(bytes);
    }

    private static void Write(MemoryStream said, string? text)
    {
        Write(said, (short)(text is null ? -1 : Encoding.UTF8.GetByteCount(text)));
        said.Write(Encoding.UTF8.GetBytes(text ?? ""));
    }

    /// <summary>A request behind its head.</summary>
    private sealed class Asked
    {
        private readonly byte[] _frame;
        private int _at = 4;

        public Asked(byte[] frame)
        {
            _frame = frame;
            Correlation = Int();
            Text();
        }

        public int Correlation { get; }

        public byte Byte() => _frame[_at++];

        public short Short() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

        public int Int() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

        public string? Text() => Short() is >= 0 and var length ? Encoding.UTF8.GetString(Take(length)) : null;

        private ReadOnlySpan<byte> Take(int length)
        {
            _at += length;
            return _frame.AsSpan(_at - length, length);
        }
    }
}
