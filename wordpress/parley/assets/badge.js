/* The live badge: how many conversations have unread messages. */
( function () {
	'use strict';

	const holder = document.getElementById( 'parley-badge-data' );
	if ( ! holder || ! window.fetch ) {
		return;
	}
	const data = JSON.parse( holder.textContent );
	const pause = 30000;
	const remembered = 'parley-unread';
	let nonce = data.nonce;
	let etag = '';
	let count = 0;
	let timer = 0;
	let last = 0; // when the number was heard of

	const bare = ( address ) => {
		const url = new URL( address, document.baseURI );
		return url.origin + url.pathname.replace( /\/+$/, '' ) + ( url.searchParams.has( 'parley_inbox' ) ? '?' : '' );
	};
	const inbox = bare( data.inbox );

	// Links to the inbox in menus that know nothing of us get a place for the number.
	const adorn = () => {
		if ( ! data.selectors ) {
			return;
		}
		document.querySelectorAll( data.selectors ).forEach( ( link ) => {
			if ( link.href && ! new URL( link.href ).searchParams.has( 'to' ) && bare( link.href ) === inbox && ! link.querySelector( '[data-parley-badge]' ) ) {
				const badge = document.createElement( 'span' );
				badge.className = 'parley-badge';
				badge.dataset.parleyBadge = '';
				badge.hidden = true;
				link.append( badge );
			}
		} );
	};

	const draw = () => {
		document.querySelectorAll( '[data-parley-badge]' ).forEach( ( badge ) => {
			const shown = count > 99 ? '99+' : String( count );
			if ( badge.dataset.parleyBadge === shown ) {
				return;
			}
			badge.dataset.parleyBadge = shown;
			badge.hidden = count === 0;
			const seen = document.createElement( 'span' );
			seen.setAttribute( 'aria-hidden', 'true' );
			seen.textContent = shown;
			const heard = document.createElement( 'span' );
			heard.className = 'parley-sr';
			heard.textContent = ' (' + data.unread.replace( '%s', shown ) + ')';
			badge.replaceChildren( seen, heard );
		} );
	};

	const learn = ( n ) => {
		count = Math.max( 0, Math.floor( Number( n ) ) || 0 );
		last = Date.now();
		try {
			sessionStorage.setItem( remembered, String( count ) );
		} catch ( e ) {} // A number the next page can do without.
		draw();
	};

	const freshNonce = async () => {
		const answer = await fetch( data.nonceUrl, { credentials: 'same-origin', cache: 'no-store', redirect: 'manual' } );
		const text = answer.ok ? ( await answer.text() ).trim() : '';
		if ( ! /^[0-9a-f]{10}$/.test( text ) ) {
			return false;
		}
		nonce = text;
		return true;
	};

	const ask = async ( again ) => {
		const headers = { Accept: 'application/json', 'X-WP-Nonce': nonce };
		if ( etag ) {
			headers[ 'If-None-Match' ] = etag;
		}
		const answer = await fetch( data.url, { headers, credentials: 'same-origin', cache: 'no-store' } );
		nonce = answer.headers.get( 'X-WP-Nonce' ) || nonce;
		if ( answer.status === 304 ) {
			learn( count );
		} else if ( answer.ok ) {
			etag = answer.headers.get( 'ETag' ) || '';
			learn( ( await answer.json() ).count );
		} else if ( answer.status === 403 && ! again && ( await freshNonce() ) ) {
			await ask( true );
		}
	};

	// One question at a time, and none while nobody looks.
	const plan = ( wait ) => {
		clearTimeout( timer );
		timer = 0;
		if ( ! document.hidden ) {
			timer = setTimeout( run, wait );
		}
	};
	const run = async () => {
		timer = 0;
		try {
			await ask( false );
		} catch ( e ) {} // No connection: the next time.
		plan( pause );
	};
	document.addEventListener( 'visibilitychange', () => plan( Math.max( 0, last + pause - Date.now() ) ) );

	// The inbox asks for itself, and tells.
	document.addEventListener( 'parley:unread', ( event ) => {
		if ( event.detail && Number.isFinite( event.detail.count ) ) {
			etag = '';
			learn( event.detail.count );
			plan( pause );
		}
	} );

	// So do the tabs with an inbox that is connected (docs/inbox.md): to be heard, nothing is opened.
	if ( window.BroadcastChannel ) {
		new BroadcastChannel( data.channel ).onmessage = ( { data: note } ) => {
			if ( note && note.t === 'frame' && note.f.type === 'unread' && Number.isFinite( note.f.count ) ) {
				etag = '';
				learn( note.f.count );
				plan( pause );
			}
		};
	}

	// Jetonomy brings pages in without loading them.
	document.addEventListener( 'jetonomy:navigated', () => {
		if ( document.querySelector( 'parley-inbox' ) && ! window.customElements.get( 'parley-inbox' ) ) {
			import( data.module ).catch( () => {} );
		}
		adorn();
		draw();
	} );

	adorn();
	try {
		count = Number( sessionStorage.getItem( remembered ) ) || 0;
	} catch ( e ) {} // Storage is forbidden: the number comes a moment later.
	draw();
	plan( 0 );
} )();
