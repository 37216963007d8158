using System.Buffers.Binary;
using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Statecast.Serialization.Avro.Resolving;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Avro.Reading;

/// <summary>
/// Reads Avro's binary encoding (Avro 1.12, "Binary Encoding"). Nothing is trusted: each length and count is checked against what remains, and against
/// the limits, before memory is taken. Knows no schema; called by generated code, in the order of one, or by its <see cref="AvroPlan"/>.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public ref struct AvroReader
{
    private readonly ReadOnlySpan<byte> _body;

    // So many items are believed in whatever the body's length.
    private const int FewItems = 1024;

    private readonly AvroReadLimits _limits;
    private int _at;
    private int _items;
    private int _passed;

    /// <param name="body">The whole body.</param>
    /// <param name="limits">What is read at most.</param>
    public AvroReader(ReadOnlySpan<byte> body, AvroReadLimits limits)
    {
        _body = body;
        _limits = limits;
        if (body.Length > limits.MaxBodyBytes)
            throw Fail(
                $"the body has {body.Length} bytes; at most {limits.MaxBodyBytes} are read. Raise MaxBodyBytes of the AvroReadLimits that the codec was made with"
            );
    }

    /// <summary>Where the next value begins.</summary>
    public readonly int Position => _at;

    /// <summary>Checks that nothing is left.</summary>
    public readonly void End()
    {
        if (_at < _body.Length)
            throw Fail($"{_body.Length - _at} bytes follow the value");
    }

    /// <summary>A <c>boolean</c>.</summary>
    public bool ReadBoolean()
    {
        var value = ReadByte();
        return value <= 1 ? value == 1 : throw FailBefore(1, $"a boolean is 0 or 1, not {value}");
    }

    /// <summary>A <c>long</c>, or an <c>int</c>: both are written alike.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long ReadLong()
    {
        if ((uint)_at < (uint)_body.Length && _body[_at] is < 0x80 and var small)
        {
            _at++;
            return (small >> 1) ^ -(small & 1);
        }
        return ReadLongSlow();
    }

    /// <summary>An <c>int</c> within bounds.</summary>
    public int ReadInteger(int min, int max)
    {
        var start = _at;
        var value = ReadLong();
        return value >= min && value <= max ? (int)value : throw OutOfRange(start, value, min, max);
    }

    /// <summary>An <c>int</c>.</summary>
    public int ReadInt() => ReadInteger(int.MinValue, int.MaxValue);

    /// <summary>A <c>long</c> within bounds.</summary>
    public long ReadLong(long min, long max)
    {
        var start = _at;
        var value = ReadLong();
        return value >= min && value <= max ? value : throw OutOfRange(start, value, min, max);
    }

    /// <summary>A <c>float</c>.</summary>
    public float ReadFloat() => BinaryPrimitives.ReadSingleLittleEndian(Take(sizeof(float)));

    /// <summary>A <c>double</c>.</summary>
    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(Take(sizeof(double)));

    /// <summary>A <c>float</c> that the writer may have written as an integer.</summary>
    public float ReadFloat(AvroPlan plan) => plan.Source == AvroType.Float ? ReadFloat() : ReadLong();

    /// <summary>A <c>double</c> that the writer may have written as a <c>float</c> or an integer.</summary>
    public double ReadDouble(AvroPlan plan) =>
        plan.Source switch
        {
            AvroType.Double => ReadDouble(),
            AvroType.Float => ReadFloat(),
            _ => ReadLong(),
        };

    /// <summary>A <c>string</c>, or <c>bytes</c> that are one: both are written alike.</summary>
    public string ReadString()
    {
        var start = _at;
        var bytes = ReadBytes();
        // Most texts are ASCII, which Latin-1 widens without counting first.
        if (Ascii.IsValid(bytes))
            return Encoding.Latin1.GetString(bytes);
        // The framework's quickest way replaces what is no UTF-8 by one character: only where that stands is a second look needed.
        var text = Encoding.UTF8.GetString(bytes);
        return text.Contains('\uFFFD') && !Utf8.IsValid(bytes) ? throw FailAt(start, "the text is no valid UTF-8") : text;
    }

    /// <summary><c>bytes</c>, or a <c>string</c>'s: a view of the body.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        var start = _at;
        var length = ReadLong();
        if ((ulong)length > (ulong)(_body.Length - _at))
            throw BadLength(start, length);
        var taken = _body.Slice(_at, (int)length);
        _at += (int)length;
        return taken;
    }

    /// <summary>A decimal's digits, if they are of one to eight bytes and the body does not end soon: nearly always. Else nothing is read.</summary>
    internal bool TryReadNarrow(out long unscaled)
    {
        var rest = _body[_at..];
        if (rest.Length <= sizeof(long) || rest[0] is 0 or > 2 * sizeof(long) || (rest[0] & 1) != 0)
        {
            unscaled = 0;
            return false;
        }
        // What stands after the digits is shifted out.
        unscaled = BinaryPrimitives.ReadInt64BigEndian(rest[1..]) >> (64 - 4 * rest[0]);
        _at += 1 + (rest[0] >> 1);
        return true;
    }

    /// <summary>A <c>fixed</c>: a view of the body.</summary>
    public ReadOnlySpan<byte> ReadFixed(int size) => Take(size);

    /// <summary>The index of an enum's symbol, or of a union's branch.</summary>
    public int ReadIndex(int count)
    {
        var start = _at;
        var index = ReadLong();
        return (ulong)index < (ulong)count ? (int)index : throw OutOfRange(start, index, count);
    }

    /// <summary>The reader's index of the symbol that the writer wrote.</summary>
    public int ReadSymbol(AvroPlan plan)
    {
        var start = _at;
        var index = ReadIndex(plan.Symbols!.Length);
        return plan.Symbols[index] is >= 0 and var known
            ? known
            : throw FailAt(start, $"'{plan.Names![index]}' is no symbol that the reader knows, and it has no default");
    }

    /// <summary>How many items the first block of an array or a map has; 0 for none.</summary>
    public int BeginItems() => NextBlock(mayBeEmpty: false);

    /// <summary>How many items the next block has; 0 after the last.</summary>
    /// <param name="mayBeEmpty">Whether an item can be no bytes at all.</param>
    public int NextBlock(bool mayBeEmpty = false)
    {
        var start = _at;
        var count = CountBlock(mayBeEmpty);
        // Each would be an object that cost its writer nothing.
        if (mayBeEmpty && _items - _passed > _body.Length + (long)FewItems)
            throw FailAt(start, $"a block of {count} items that may be of no bytes is given, in a body of {_body.Length} bytes");
        return count;
    }

    /// <summary>As <see cref="NextBlock"/>, for items that are passed over: nothing is made of them.</summary>
    internal int PassBlock(bool mayBeEmpty)
    {
        var count = CountBlock(mayBeEmpty);
        _passed += count;
        return count;
    }

    private int CountBlock(bool mayBeEmpty)
    {
        var start = _at;
        var count = ReadLong();
        if (count == 0)
            return 0;
        if (count < 0)
        {
            // With the block's size in bytes, for those who pass over it. Items are read one by one, also to pass over them: a size within the body, true or not,
            // leads nobody astray, and other readers do not hold it against a writer either.
            var size = ReadLong();
            if (count == long.MinValue || size < 0 || size > _body.Length - _at)
                throw FailAt(start, $"a block of {size} bytes is given where {_body.Length - _at} remain");
            count = -count;
        }
        if (!mayBeEmpty && count > _body.Length - _at)
            throw FailAt(start, $"a block of {count} items is given where {_body.Length - _at} bytes remain");
        if (count > _limits.MaxItems - _items)
            throw FailAt(start, $"the body has more than {_limits.MaxItems} items in its arrays and maps");
        _items += (int)count;
        return (int)count;
    }

    /// <summary>For how many items of a block memory is taken before they are read: a count is only a claim, but for as many as there are bytes left.</summary>
    public readonly int Capacity(int count) => Math.Min(count, Math.Max(FewItems, _body.Length - _at));

    /// <summary>Makes room for what is left of a block, behind items that were read.</summary>
    public readonly void Grow<T>(ref T[] items, int left) =>
        Array.Resize(ref items, (int)Math.Min(Array.MaxLength, Math.Max(2L * items.Length, items.Length + (long)Capacity(left))));

    /// <summary>The items that were read, in the array that they were read into if it is full.</summary>
    public static ImmutableArray<T> Items<T>(T[] items, int count)
    {
        if (count < items.Length)
            Array.Resize(ref items, count);
        return ImmutableCollectionsMarshal.AsImmutableArray(items);
    }

    /// <summary>The plan of the value at hand: where the writer has a union, of the branch that it wrote.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public AvroPlan Choose(AvroPlan plan) => plan.Branches is null ? plan : ChooseBranch(plan);

    /// <summary>Goes through the writer's union, where it has one, to a value that needs no plan of its own.</summary>
    [UnscopedRef]
    public ref AvroReader At(AvroPlan plan)
    {
        Choose(plan);
        return ref this;
    }

    /// <summary>Passes over a value that the reader does not know.</summary>
    public void Skip(AvroPlan plan) => Skip(plan, 0);

    /// <summary>Passes over what a record has behind its first fields.</summary>
    public void SkipBehind(AvroPlan plan, int fields)
    {
        for (var i = fields; i < plan.Steps.Length; i++)
            Skip(plan.Steps[i].Plan);
    }

    /// <summary>The exception for the value at hand, or the one that was just read.</summary>
    public readonly StateFormatException Fail(string reason) => FailAt(_at, reason);

    /// <summary>The exception for a value that began at a place.</summary>
    public readonly StateFormatException FailAt(int position, string reason) => new("$", position, reason + ".");

    private void Skip(AvroPlan plan, int depth)
    {
        if (depth > _limits.MaxDepth)
            throw Fail($"what the contract does not know is nested deeper than {_limits.MaxDepth}");
        plan = Choose(plan);
        switch (plan.Source)
        {
            case AvroType.Null:
                break;
            case AvroType.Boolean:
                ReadBoolean();
                break;
            case AvroType.Int or AvroType.Long:
                ReadLong();
                break;
            case AvroType.Enum:
                ReadIndex(plan.Symbols!.Length);
                break;
            case AvroType.Float:
                Take(sizeof(float));
                break;
            case AvroType.Double:
                Take(sizeof(double));
                break;
            case AvroType.Bytes or AvroType.String:
                ReadBytes();
                break;
            case AvroType.Fixed:
                Take(plan.Size);
                break;
            // Records of nothing can hold each other in their billions.
            case AvroType.Record when plan.IsEmpty:
                break;
            case AvroType.Record:
                foreach (var step in plan.Steps)
                    Skip(step.Plan, depth + 1);
                break;
            default:
                for (var left = PassBlock(plan.MayItemBeEmpty); left > 0; left = PassBlock(plan.MayItemBeEmpty))
                for (; left > 0; left--)
                {
                    if (plan.Source == AvroType.Map)
                        ReadBytes();
                    Skip(plan.Item, depth + 1);
                }
                break;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private AvroPlan ChooseBranch(AvroPlan plan)
    {
        var start = _at;
        var index = ReadIndex(plan.Branches!.Length);
        return plan.Branches[index] ?? throw FailAt(start, $"the writer's branch {index} cannot be read: {plan.Problems![index]}");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private long ReadLongSlow()
    {
        // Ten bytes at most, and locals, so that no turn of the loop goes through memory.
        var bytes = _body[_at..];
        var value = 0UL;
        var shift = 0;
        for (var i = 0; i < bytes.Length && shift < 63; i++, shift += 7)
        {
            var b = bytes[i];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return Advance(i + 1, value);
        }
        if (shift < 63 || bytes.Length < 10)
            throw Fail("the body ends within an integer");
        // The tenth byte has one bit left.
        return bytes[9] <= 1 ? Advance(10, value | ((ulong)bytes[9] << 63)) : throw Fail("an integer has more than 64 bits");
    }

    private long Advance(int bytes, ulong zigzag)
    {
        _at += bytes;
        return (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
    }

    // Apart from the code that reads: the text's parts would be cleared at every call, for nothing.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly StateFormatException BadLength(int start, long length) =>
        FailAt(start, $"a length of {length} bytes is given where {_body.Length - _at} remain");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly StateFormatException OutOfRange(int start, long value, long min, long max) =>
        FailAt(start, $"{value} is no integer from {min} to {max}");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly StateFormatException OutOfRange(int start, long index, int count) =>
        FailAt(start, $"the index {index} is given, of {count}");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly StateFormatException TooShort(int count) => Fail($"{count} bytes are expected where {_body.Length - _at} remain");

    private byte ReadByte() => _at < _body.Length ? _body[_at++] : throw Fail("the body ends where a value is expected");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _body.Length - _at)
            throw TooShort(count);
        var taken = _body.Slice(_at, count);
        _at += count;
        return taken;
    }

    private readonly StateFormatException FailBefore(int bytes, string reason) => FailAt(_at - bytes, reason);
}
