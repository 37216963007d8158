using System.Buffers;
using Statecast.Contracts;
using Statecast.Publishing;
using Statecast.Serialization;
using Statecast.Serialization.Json;

namespace Statecast.Tests.Publishing;

[StateContract("tests.item")]
public sealed partial record Item([StateKey] string Id, string Text);

[StateContract("tests.other")]
public sealed partial record Other([StateKey] int Id, string Text);

internal static class PublishingSamples
{
    public static Publication<TState> Publication<TState>(params Route[] routes)
        where TState : class, IStateContract<TState> => Publication<TState>(new(), routes);

    public static Publication<TState> Publication<TState>(PublicationOptions options, params Route[] routes)
        where TState : class, IStateContract<TState>
    {
        var publication = new Publication<TState>(TState.Contract, options);
        publication.Bind(routes.Length > 0 ? routes : [new("first", TState.Contract.Destination, 8, "json")], Codecs);
        return publication;
    }

    public static CountingCodec Second { get; } = new();

    public static IReadOnlyList<IStateCodec> Codecs { get; } = [new JsonStateCodec(), Second];
}

/// <summary>Another codec, which counts how often it encodes.</summary>
internal sealed class CountingCodec : IStateCodec
{
    private int _encoded;

    public int Encoded => _encoded;

    public string Name => "second";

    public string ContentType => "application/octet-stream";

    public void Encode<TState>(StateContract<TState> contract, TState state, IBufferWriter<byte> destination)
        where TState : class
    {
        Interlocked.Increment(ref _encoded);
        destination.Write("second"u8);
    }

    public TState Decode<TState>(StateContract<TState> contract, Fingerprint schema, ReadOnlyMemory<byte> body)
        where TState : class => throw new NotSupportedException();

    public bool TryEncodePatch<TState>(
        StateContract<TState> contract,
        TState before,
        TState after,
        int bodyBytes,
        IBufferWriter<byte> destination
    )
        where TState : class => false;

    public TState ApplyPatch<TState>(StateContract<TState> contract, TState before, Fingerprint schema, ReadOnlyMemory<byte> patch)
        where TState : class => throw new NotSupportedException();
}
