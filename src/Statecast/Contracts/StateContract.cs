using System.Globalization;
using System.Text.Json;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Reading;
using Statecast.Serialization.Avro.Resolving;
using Statecast.Serialization.Patches;

namespace Statecast.Contracts;

/// <summary>Implemented by the generator for every record marked with <see cref="StateContractAttribute"/>: finds the contract without reflection.</summary>
/// <typeparam name="TSelf">The record itself.</typeparam>
public interface IStateContract<TSelf>
    where TSelf : class, IStateContract<TSelf>
{
    /// <summary>The generated description of the contract.</summary>
    static abstract StateContract<TSelf> Contract { get; }
}

/// <summary>What is known about a contract at compile time, whatever its types.</summary>
public abstract class StateContract
{
    private protected StateContract(string name, int major, string avroSchema, Fingerprint schemaFingerprint)
    {
        Name = name;
        Major = major;
        AvroSchema = avroSchema;
        SchemaFingerprint = schemaFingerprint;
        Destination = $"{name}.v{major}";
    }

    /// <summary>The contract's name, for example <c>shop.order</c>.</summary>
    public string Name { get; }

    /// <summary>The major schema version.</summary>
    public int Major { get; }

    /// <summary>Where the contract's events go on a carrier: <c>&lt;name&gt;.v&lt;major&gt;</c>.</summary>
    public string Destination { get; }

    /// <summary>The Avro schema of the contract, as minified JSON with a fixed order of attributes.</summary>
    public string AvroSchema { get; }

    /// <summary>SHA-256 over <see cref="AvroSchema"/>, cut to 128 bits.</summary>
    public Fingerprint SchemaFingerprint { get; }

    /// <summary>
    /// The JSON Schema (2020-12) of what the JSON codec writes and reads, as minified JSON with a fixed order. Our annotations begin with <c>x-</c>:
    /// earlier names, digits of decimals, what an unknown symbol is taken for. Compatibility can be judged from it alone.
    /// </summary>
    public abstract string JsonSchema { get; }

    /// <summary>The major that a destination's name says; 0 if it says none.</summary>
    internal static int MajorOf(string destination)
    {
        // What answers one target alone names its address as well (SnapshotLane).
        var end = destination.IndexOf('>', StringComparison.Ordinal);
        var name = end < 0 ? destination : destination.AsSpan(0, end);
        var dot = name.LastIndexOf('.');
        return
            dot > 0
            && name[(dot + 1)..] is ['v', .. var digits]
            && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            ? major
            : 0;
    }

    /// <summary>The contract of a record, without reflection.</summary>
    public static StateContract<TState> Of<TState>()
        where TState : class, IStateContract<TState> => TState.Contract;

    /// <summary>Whether its states can travel as patches (<see cref="StateContractAttribute.Patches"/>).</summary>
    public abstract bool HasPatches { get; }

    /// <summary>The record's type.</summary>
    public abstract Type StateType { get; }

    /// <summary>Calls back with the contract's types, so that generic code needs no reflection.</summary>
    public abstract TResult Accept<TResult>(IContractVisitor<TResult> visitor);
}

/// <summary>A contract whose state type is known.</summary>
public abstract class StateContract<TState> : StateContract
    where TState : class
{
    private protected StateContract(string name, int major, string avroSchema, Fingerprint schemaFingerprint)
        : base(name, major, avroSchema, schemaFingerprint) { }

    /// <inheritdoc/>
    public override Type StateType => typeof(TState);

    /// <summary>What makes a state of older majors' states, by major: the record's own <c>public static TState Upcast(TOlder old)</c>. Empty if there is none.</summary>
    public virtual IReadOnlyList<Upcaster<TState>> Upcasters => [];

    /// <summary>The text form of the state's key (see <see cref="KeyText"/>).</summary>
    /// <exception cref="StateValueException">The key is empty, longer than 512 bytes, or holds a value outside the value domain.</exception>
    public abstract string KeyTextOf(TState state);

    /// <summary>Writes the state as one JSON object, in the value domain (instants in UTC microseconds, decimals at their scale).</summary>
    /// <exception cref="StateValueException">A property holds a value outside the value domain.</exception>
    public abstract void WriteJson(Utf8JsonWriter writer, TState state);

    /// <summary>Reads one JSON object. Unknown fields are ignored; missing nullable or defaulted ones are filled.</summary>
    /// <param name="reader">Stands before the object's first token; afterwards on its last.</param>
    /// <exception cref="StateFormatException">The JSON is no state of this contract; names the offset. <see cref="Serialization.Json.JsonStateCodec"/>, which has the whole body, adds the path.</exception>
    public abstract TState ReadJson(ref Utf8JsonReader reader);

    /// <summary>Writes the Avro binary body in the contract's own schema, without framing. The content fingerprint is computed over it. On return all of it was handed to the writer's destination.</summary>
    /// <exception cref="StateValueException">A property holds a value outside the value domain.</exception>
    public abstract void WriteAvro(ref AvroWriter writer, TState state);

    /// <summary>Reads an Avro binary body, without framing.</summary>
    /// <param name="reader">Stands on the body's beginning; afterwards behind the state.</param>
    /// <param name="plan">How the writer's schema is read (<see cref="AvroResolution"/>); null for the contract's own.</param>
    /// <exception cref="StateFormatException">The bytes are no state of this contract; names the offset. <see cref="AvroStateCodec"/>, which has the whole body, adds the path.</exception>
    public abstract TState ReadAvro(ref AvroReader reader, AvroPlan? plan);

    /// <inheritdoc/>
    public override bool HasPatches => false;

    /// <summary>Writes what makes the one state of the other, by changed fields; false if the contract has no patches (<see cref="StateContractAttribute.Patches"/>).</summary>
    /// <param name="writer">Receives the patch; the caller hands it over.</param>
    /// <param name="before">A state as it was read from its body.</param>
    /// <param name="after">Another state of the same key.</param>
    /// <exception cref="StateValueException">A property holds a value outside the value domain.</exception>
    /// <exception cref="ArgumentException">The states have different keys.</exception>
    public virtual bool TryWritePatch(ref PatchWriter writer, TState before, TState after) => false;

    /// <summary>Applies a patch.</summary>
    /// <param name="reader">Stands before the patch; afterwards behind it.</param>
    /// <param name="before">The state that the patch was made from, as it was read from its body.</param>
    /// <exception cref="StateFormatException">The patch is malformed or does not fit the state; names the offset. The codec adds the path.</exception>
    public virtual TState ApplyPatch(ref PatchReader reader, TState before) =>
        throw reader.Misfit($"{Name} has no patches here: set Patches = true in [StateContract] of {StateType.Name}, and build again");
}

/// <summary>A contract whose key and state types are known: base of the generated descriptions.</summary>
public abstract class StateContract<TKey, TState> : StateContract<TState>
    where TKey : notnull
    where TState : class
{
    /// <summary>Called by generated code.</summary>
    protected StateContract(string name, int major, string avroSchema, Fingerprint schemaFingerprint)
        : base(name, major, avroSchema, schemaFingerprint) { }

    /// <summary>The key of a state.</summary>
    public abstract TKey KeyOf(TState state);

    /// <summary>The text form of a key.</summary>
    /// <exception cref="StateValueException">The key is empty, longer than 512 bytes, or holds a value outside the value domain.</exception>
    public abstract string FormatKey(TKey key);

    /// <summary>The key of a text form: the inverse of <see cref="FormatKey"/>.</summary>
    /// <exception cref="FormatException">The text is no key of this contract.</exception>
    public abstract TKey ParseKey(string text);

    /// <inheritdoc/>
    public sealed override string KeyTextOf(TState state) => FormatKey(KeyOf(state));

    /// <inheritdoc/>
    public sealed override TResult Accept<TResult>(IContractVisitor<TResult> visitor) => visitor.Visit(this);
}

/// <summary>Receives a contract's types from <see cref="StateContract.Accept"/>.</summary>
public interface IContractVisitor<out TResult>
{
    /// <summary>Called with the contract's own types.</summary>
    TResult Visit<TKey, TState>(StateContract<TKey, TState> contract)
        where TKey : notnull
        where TState : class;
}
