using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Statecast.Contracts;
using Statecast.Serialization.Avro.Reading;
using Statecast.Serialization.Avro.Resolving;
using Statecast.Serialization.Avro.Schemas;
using Statecast.Serialization.Patches;

namespace Statecast.Serialization.Avro;

/// <summary>
/// States in Avro's binary encoding, written in the contract's own schema. What was written in another schema is read by the specification's rules
/// of resolution; the plan for a pair of schemas is worked out once.
/// </summary>
/// <param name="schemas">Where the schemas are found in which others wrote; null if only the contracts' own are read.</param>
/// <param name="limits">What is read of one body at most.</param>
public sealed class AvroStateCodec(IAvroSchemas? schemas = null, AvroReadLimits? limits = null) : IStateCodec
{
    // Enough to see what is wrong; a contract that is another one altogether differs in everything.
    private const int MaxMismatches = 5;

    private readonly AvroReadLimits _limits = limits ?? AvroReadLimits.Default;
    private readonly ConcurrentDictionary<(StateContract Contract, Fingerprint Schema), Pair> _pairs = new();
    private readonly ConcurrentDictionary<StateContract, AvroSchema> _own = new();

    /// <inheritdoc/>
    public string Name => "avro";

    /// <inheritdoc/>
    public string ContentType => "avro/binary";

    /// <inheritdoc/>
    /// <remarks>If it throws, the destination may hold a part of the body. Allocates nothing besides what the destination does.</remarks>
    public void Encode<TState>(StateContract<TState> contract, TState state, IBufferWriter<byte> destination)
        where TState : class
    {
        var writer = new AvroWriter(destination);
        contract.WriteAvro(ref writer, state);
    }

    /// <inheritdoc/>
    public TState Decode<TState>(StateContract<TState> contract, Fingerprint schema, ReadOnlyMemory<byte> body)
        where TState : class
    {
        var pair = schema == contract.SchemaFingerprint ? null : PairOf(contract, schema);
        var reader = default(AvroReader);
        try
        {
            reader = new(body.Span, _limits);
            var state = contract.ReadAvro(ref reader, pair?.Plan);
            reader.End();
            return state;
        }
        catch (StateFormatException defect)
        {
            throw Placed(contract, pair, body.Span, defect.Offset, defect.Reason, null);
        }
        catch (Exception defect) when (defect is not OutOfMemoryException)
        {
            // The contract's own constructor, which refuses a value in its own words.
            throw Placed(contract, pair, body.Span, reader.Position, $"the state cannot be made: {defect.Message}", defect);
        }
    }

    /// <inheritdoc/>
    public bool TryReadField<TState, TValue>(
        StateContract<TState> contract,
        StateField<TState, TValue> field,
        Fingerprint schema,
        ReadOnlyMemory<byte> body,
        [MaybeNullWhen(false)] out TValue value
    )
        where TState : class
        where TValue : notnull
    {
        var pair = PairOf(contract, schema);
        var reader = default(AvroReader);
        try
        {
            reader = new(body.Span, _limits);
            foreach (var step in reader.Choose(pair.Plan).Steps)
            {
                if (step.Field == field.Number)
                    return field.OfAvro(ref reader, step.Plan, out value);
                reader.Skip(step.Plan);
            }
        }
        catch (StateFormatException defect)
        {
            throw Placed(contract, pair, body.Span, defect.Offset, defect.Reason, null);
        }
        catch (Exception defect) when (defect is not OutOfMemoryException)
        {
            throw Placed(contract, pair, body.Span, reader.Position, $"the field cannot be made: {defect.Message}", defect);
        }
        // The writer did not have it: the whole is read, with the contract's default.
        return field.TryGet(Decode(contract, schema, body), out value);
    }

    /// <inheritdoc/>
    /// <remarks>Allocates nothing besides what the destination does.</remarks>
    public bool TryEncodePatch<TState>(
        StateContract<TState> contract,
        TState before,
        TState after,
        int bodyBytes,
        IBufferWriter<byte> destination
    )
        where TState : class
    {
        var buffer = PooledBuffer.Take();
        try
        {
            var writer = new PatchWriter(buffer);
            if (!contract.TryWritePatch(ref writer, before, after))
                return false;
            writer.Flush();
            if (buffer.Written.Length >= bodyBytes)
                return false;
            destination.Write(buffer.Written);
            return true;
        }
        finally
        {
            buffer.Return();
        }
    }

    /// <inheritdoc/>
    /// <remarks>The mask counts fields in the writer's schema: a patch of another schema is refused, and the next full state is read by the rules of resolution.</remarks>
    public TState ApplyPatch<TState>(StateContract<TState> contract, TState before, Fingerprint schema, ReadOnlyMemory<byte> patch)
        where TState : class
    {
        if (schema != contract.SchemaFingerprint)
            throw new StateFormatException(
                "$",
                -1,
                $"the patch was written in the schema {schema}; in Avro only patches of the contract's own schema, {contract.SchemaFingerprint}, are applied."
            );
        // It refuses what is too large, and has no path before it is made.
        var reader = new PatchReader(new AvroReader(patch.Span, _limits));
        try
        {
            var state = contract.ApplyPatch(ref reader, before);
            reader.Avro.End();
            return state;
        }
        catch (StateFormatException defect)
        {
            throw new StateFormatException(reader.Path, defect.Offset, defect.Reason);
        }
        catch (Exception defect) when (defect is not OutOfMemoryException)
        {
            throw new StateFormatException(reader.Path, reader.Avro.Position, $"the state cannot be made: {defect.Message}", defect);
        }
    }

    private Pair PairOf(StateContract contract, Fingerprint schema)
    {
        if (_pairs.TryGetValue((contract, schema), out var known))
            return known.Problem is null ? known : throw new StateFormatException("$", -1, known.Problem);
        var writer = schema == contract.SchemaFingerprint ? SchemaOf(contract) : schemas?.Find(schema);
        if (writer is null)
            throw new StateFormatException(
                "$",
                -1,
                schemas?.WhyUnknown(schema) is { } why
                    ? $"its schema is not known here. {why}"
                    : $"it was written in the schema {schema}, which is not known here: add that schema to those that the codec knows."
            );
        var resolution = AvroResolution.Of(writer, SchemaOf(contract));
        // That it cannot be read is remembered too: all of a destination may be written in it.
        var problem = resolution.Plan is null
            ? $"its schema {schema} cannot be read as {contract.Name} {contract.Major}: {string.Join(" ", resolution.Mismatches.Take(MaxMismatches))}"
            : null;
        var pair = _pairs.GetOrAdd((contract, schema), new Pair(writer, resolution.Plan!, problem));
        return pair.Problem is null ? pair : throw new StateFormatException("$", -1, pair.Problem);
    }

    private AvroSchema SchemaOf(StateContract contract) => _own.GetOrAdd(contract, static c => AvroSchema.Parse(c.AvroSchema));

    private StateFormatException Placed(
        StateContract contract,
        Pair? pair,
        ReadOnlySpan<byte> body,
        long offset,
        string reason,
        Exception? inner
    ) => new(AvroPath.At(pair?.Writer ?? SchemaOf(contract), body, offset, _limits), offset, reason, inner);

    /// <summary>A writer's schema and how it is read.</summary>
    /// <param name="Writer">The schema.</param>
    /// <param name="Plan">The plan; none if there is a problem.</param>
    /// <param name="Problem">Why it cannot be read; null if it can.</param>
    private sealed record Pair(AvroSchema Writer, AvroPlan Plan, string? Problem);
}
